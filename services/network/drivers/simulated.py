"""Driver `simulated`: a device of the simulated network. It sends nothing anywhere."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import cast

from pydantic import Field

from dashnet.reading import Reading, State
from services.network.drivers.driver import DriverOptions, Target
from services.network.simulation import Fleet, Profile, observe

NAME = "simulated"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)

# Line rates up and down in Mbit/s of usual device types.
_LINE_RATES = {
    "router": (500.0, 1000.0),
    "switch": (1000.0, 1000.0),
    "access point": (300.0, 600.0),
    "server": (1000.0, 1000.0),
    "desktop pc": (100.0, 300.0),
    "laptop": (60.0, 200.0),
    "phone": (20.0, 80.0),
}
_USUAL_RATES = (50.0, 100.0)


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
        return await asyncio.to_thread(self.read_at, targets, inventory, datetime.now(UTC))

    def read_at(
        self, targets: Sequence[Target], inventory: Mapping[int, Target], moment: datetime
    ) -> Sequence[Reading]:
        """What each target shows at `moment`; a device behind simulated parents is down when one of them is."""
        if not targets:
            return []
        seen = observe(self.to_fleet(targets, inventory), seconds_since_epoch(moment))
        # The fleet goes on behind the targets.
        columns = zip(
            targets,
            seen.up.tolist(),
            seen.upload_speed.tolist(),
            seen.download_speed.tolist(),
            seen.round_trip_seconds.tolist(),
            strict=False,
        )
        return [
            Reading(
                target.device_id,
                State.UP if up else State.DOWN,
                upload,
                download,
                None if isnan(round_trip) else round_trip,
                moment,
            )
            for target, up, upload, download, round_trip in columns
        ]

    def to_fleet(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Fleet:
        """The targets in their order, and behind them every other simulated device above them."""
        return _to_fleet(_with_ancestors(targets, inventory), self._seed)


def seconds_since_epoch(moment: datetime) -> int:
    """The whole second that `moment` lies in, as the simulation counts them; below zero before 1970."""
    return (moment - _EPOCH) // _SECOND


def _with_ancestors(targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Target]:
    """The targets, and behind them every simulated device above them that is not among them."""
    found = {target.device_id: target for target in targets}
    climbing = list(targets)
    while climbing:
        parent_ids = {target.parent_id for target in climbing if target.parent_id is not None} - found.keys()
        climbing = [inventory[one] for one in parent_ids if one in inventory and inventory[one].driver == NAME]
        found.update((target.device_id, target) for target in climbing)
    return list(found.values())


def _to_fleet(targets: Sequence[Target], seed: int) -> Fleet:
    options = [cast(SimulatedOptions, target.options) for target in targets]
    return Fleet.of(
        [target.device_id for target in targets],
        [seed if option.seed is None else option.seed for option in options],
        [target.parent_id for target in targets],
        [option.profile is Profile.REALISTIC for option in options],
        [_LINE_RATES.get(target.device_type.lower(), _USUAL_RATES) for target in targets],
    )
