"""Reads a set of devices, each through its driver, all drivers at the same time."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from dashnet.reading import Reading, State, unread
from services.network.drivers import blot_out
from services.network.drivers.driver import Driver, Target
from services.network.drivers.facts import Describer
from services.network.drivers.simulated import SimulatedDriver
from services.network.inventory_cache import Inventory
from services.network.simulation import Fleet


class Reader:
    """Knows one driver of each kind."""

    def __init__(self, drivers: Sequence[Driver], simulated: SimulatedDriver) -> None:
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
            *(self._drivers[name].read(targets, inventory.targets) for name, targets in groups.items())
        )
        readings = {reading.device_id: _without_secrets(inventory, reading) for batch in batches for reading in batch}
        return [readings.get(device_id) or _fault(inventory, device_id) for device_id in ids]

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
    devices = [to_wire_device(inventory.devices[reading.device_id], reading) for reading in readings]
    if with_interfaces:
        for device, reading in zip(devices, readings, strict=True):
            if reading.interfaces:
                device["interfaces"] = list(reading.interfaces)
    try:
        return encode(devices)
    except TypeError:
        # Linux takes any bytes for a name, JSON does not; one such interface must not cost everybody the reading.
        for device in devices:
            if "interfaces" in device:
                device["interfaces"] = [replace(one, name=_to_unicode(one.name)) for one in device["interfaces"]]
        return encode(devices)


def _to_unicode(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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
