"""Reads a set of devices, each through its driver, all drivers at the same time."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from dashnet.reading import Reading, State, unread
from services.network.containment import Containment
from services.network.drivers.driver import Driver, Target
from services.network.drivers.facts import Describer, Facts
from services.network.drivers.internal_faults import internal_fault
from services.network.drivers.secret_words import blot_out
from services.network.drivers.simulated import SimulatedDriver
from services.network.inventory_cache import Inventory
from services.network.simulation import Fleet
from services.network.soundness import with_clean_words

logger = logging.getLogger(__name__)


class Reader:
    """Knows one driver of each kind. Nothing that one of them does to a device costs another its reading."""

    def __init__(self, drivers: Sequence[Driver], simulated: SimulatedDriver, deadline_seconds: float = 40.0) -> None:
        self._containment = Containment(deadline_seconds)
        every: Sequence[Driver] = [*drivers, simulated]
        self._drivers: Mapping[str, Driver] = {driver.name: driver for driver in every}
        self._simulated = simulated
        # Those drivers that can ask a device what it is, by name.
        self.describers: Mapping[str, Describer] = {one.name: one for one in drivers if isinstance(one, Describer)}

    async def read(self, inventory: Inventory, ids: Sequence[int]) -> Sequence[Reading]:
        """Read these devices now; the readings come in the order of `ids`."""
        groups: dict[str, list[Target]] = defaultdict(list)
        for device_id in ids:
            target = inventory.targets.get(device_id)
            if target is not None:
                groups[target.driver].append(target)
        batches = await asyncio.gather(
            *(self._containment.read(self._drivers[name], group, inventory.targets) for name, group in groups.items())
        )
        readings = {device_id: reading for batch in batches for device_id, reading in batch.items()}
        return [
            _without_secrets(inventory, readings[one]) if one in readings else _fault(inventory, one) for one in ids
        ]

    async def describe(self, describer: Describer, target: Target) -> Facts:
        """What this device says of itself, asked now.

        Raises:
            DriverError: it could not be asked.
        """
        return await self._containment.describe(describer, target)

    async def read_at(self, inventory: Inventory, ids: Sequence[int], moment: datetime) -> Sequence[Reading]:
        """What the simulated ones of these devices show at `moment`, in the order of `ids`; no other has a past."""
        found = (inventory.targets.get(device_id) for device_id in ids)
        targets = [target for target in found if target is not None and target.driver == SimulatedDriver.name]
        return await asyncio.to_thread(self._simulated.read_at, targets, inventory.targets, moment)

    def to_fleet(self, inventory: Inventory, ids: Sequence[int]) -> Fleet:
        """These simulated devices in their order, and behind them every other one above them."""
        return self._simulated.to_fleet([inventory.targets[device_id] for device_id in ids], inventory.targets)


def _without_secrets(inventory: Inventory, reading: Reading) -> Reading:
    """Errors go everywhere, and a driver may quote what it was given."""
    if reading.error is None:
        return reading
    error = blot_out(reading.error, inventory.targets[reading.device_id].options)
    return reading if error == reading.error else replace(reading, error=error)


def _fault(inventory: Inventory, device_id: int) -> Reading:
    return unread(device_id, State.UNKNOWN, datetime.now(UTC), inventory.faults[device_id])


def encode_devices(inventory: Inventory, readings: Sequence[Reading], *, with_interfaces: bool = False) -> bytes:
    """The JSON array of these devices with their readings; interfaces where they are asked for and there are any."""
    try:
        return encode([_to_wire(inventory, reading, with_interfaces) for reading in readings])
    except TypeError:
        # One that JSON has no place for must not cost everybody the reading.
        sound = (to_encodable(inventory, reading) for reading in readings)
        return encode([_to_wire(inventory, reading, with_interfaces) for reading in sound])


def to_encodable(inventory: Inventory, reading: Reading) -> Reading:
    """The reading where JSON has a place for all that is in it; one that says whose fault it is where it has not."""
    try:
        clean = with_clean_words(reading)
        encode(clean)
    except TypeError:
        logger.exception("a reading cannot be encoded device=%d", reading.device_id)
        reason = internal_fault(inventory.devices[reading.device_id]["driver"])
        return unread(reading.device_id, State.UNKNOWN, datetime.now(UTC), reason)
    return clean


def _to_wire(inventory: Inventory, reading: Reading, with_interfaces: bool) -> dict[str, Any]:
    device = to_wire_device(inventory.devices[reading.device_id], reading)
    if with_interfaces and reading.interfaces:
        device["interfaces"] = list(reading.interfaces)
    return device


def to_wire_device(static: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """A device's static fields and its reading's, as one object."""
    return {
        **static,
        "state": reading.state,
        "active_connection": reading.state.active_connection,
        "upload_speed": reading.upload_speed,
        "download_speed": reading.download_speed,
        "round_trip_seconds": reading.round_trip_seconds,
        "loss_ratio": reading.loss_ratio,
        "jitter_seconds": reading.jitter_seconds,
        "read_at": reading.read_at,
        "error": reading.error,
    }


def encode(document: object) -> bytes:
    """JSON with times in UTC ending in `Z`."""
    return orjson.dumps(document, option=orjson.OPT_UTC_Z)
