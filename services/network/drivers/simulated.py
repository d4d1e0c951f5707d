"""Driver `simulated`: a device of the simulated network. It sends nothing anywhere."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import Field

from dashnet.reading import Reading
from services.network.drivers.driver import DriverOptions, Target
from services.network.simulation import Profile

NAME = "simulated"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class SimulatedOptions(DriverOptions):
    """How a device behaves: `classic` is the rule of 2020, `realistic` has days, bursts and rare outages."""

    profile: Profile = Profile.CLASSIC
    seed: int | None = Field(default=None, ge=0, lt=2**63)


class SimulatedDriver:
    """Reads devices of the simulated network, at any time, past or future."""

    name = NAME

    def __init__(self, seed: int) -> None:
        self._seed = seed

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:
        """As `read_at`, now."""
        return self.read_at(targets, inventory, datetime.now(UTC))

    def read_at(
        self, targets: Sequence[Target], inventory: Mapping[int, Target], moment: datetime
    ) -> Sequence[Reading]:
        """What each target shows at `moment`; a device behind simulated parents is down when one of them is."""
        raise NotImplementedError
