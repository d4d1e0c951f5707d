"""The last samples of devices in memory, for tests of drivers without a Redis."""

from collections.abc import Mapping, Sequence

from services.network.counters.values import Sample


class MemorySamples:
    """The last samples, as Redis would keep them."""

    def __init__(self) -> None:
        self.by_device: dict[int, Sample] = {}

    async def get(self, device_ids: Sequence[int]) -> Mapping[int, Sample]:
        """Those that there are."""
        return {one: self.by_device[one] for one in device_ids if one in self.by_device}

    async def put(self, samples: Mapping[int, Sample]) -> None:
        """Keep them."""
        self.by_device.update(samples)
