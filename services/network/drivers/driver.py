"""What a driver is: the one place where the kinds of devices meet the rest of the network service."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from dashnet.errors import DeviceTimeout, DriverFault
from dashnet.reading import Reading, State, unread


class DriverOptions(BaseModel):
    """Base of each driver's options: unknown names are refused, and what is typed `SecretStr` is kept as a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Target:
    """A device as its driver sees it."""

    device_id: int
    device_type: str
    ip_address: str
    driver: str
    options: DriverOptions
    parent_id: int | None


class Driver(Protocol):
    """Reads one kind of device. Each lies in a file of its own and imports no FastAPI, SQLModel or Redis."""

    name: str

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:
        """Read all `targets` now, one reading each in the same order.

        A device that does not answer is a reading; nothing but a bug of ours is raised. `inventory` holds every
        device, for a driver that looks at parents.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How many devices are read at the same time, and how long one of them may take."""

    concurrency: int
    timeout_seconds: float


async def read_each(
    read_one: Callable[[Target], Awaitable[Reading]], targets: Sequence[Target], limits: ReadLimits
) -> Sequence[Reading]:
    """Read devices one by one, concurrently within `limits`; errors of a device become its reading."""
    slots = asyncio.Semaphore(limits.concurrency)

    async def read_bounded(target: Target) -> Reading:
        async with slots:
            try:
                async with asyncio.timeout(limits.timeout_seconds):
                    return await read_one(target)
            except TimeoutError:
                error = f"no answer within {limits.timeout_seconds:g} s"
                return unread(target.device_id, State.DOWN, datetime.now(UTC), error)
            except DeviceTimeout as timeout:
                return unread(target.device_id, State.DOWN, datetime.now(UTC), timeout.detail)
            except DriverFault as fault:
                return unread(target.device_id, State.UNKNOWN, datetime.now(UTC), fault.detail)

    return await asyncio.gather(*map(read_bounded, targets))
