"""What a device says of itself, and the driver that can ask it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from services.network.drivers.driver import Target


@dataclass(frozen=True, slots=True)
class Facts:
    """What a device tells; null what it does not. The last two are proposals for the inventory, made of the rest."""

    system_name: str | None = None
    description: str | None = None
    object_id: str | None = None
    location: str | None = None
    contact: str | None = None
    uptime_seconds: float | None = None
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    operating_system: str | None = None
    device_type: str | None = None


@runtime_checkable
class Describer(Protocol):
    """A driver that can tell facts."""

    async def describe(self, target: Target) -> Facts:
        """What the device says of itself now.

        Raises:
            DriverError: it could not be asked.
        """
        ...
