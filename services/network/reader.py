"""Reads a set of devices, each through its driver, all drivers at the same time."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from dashnet.reading import Reading
from services.network.drivers.driver import Driver, Target
from services.network.drivers.simulated import SimulatedDriver
from services.network.inventory_cache import Inventory
from services.network.simulation import Fleet


class Reader:
    """Knows one driver of each kind."""

    def __init__(self, drivers: Sequence[Driver], simulated: SimulatedDriver) -> None:
        every: Sequence[Driver] = [*drivers, simulated]
        self._drivers: Mapping[str, Driver] = {driver.name: driver for driver in every}
        self._simulated = simulated

    async def read(self, inventory: Inventory, ids: Sequence[int]) -> Sequence[Reading]:
        """Read these devices now; the readings come in the order of `ids`."""
        groups: dict[str, list[Target]] = defaultdict(list)
        for device_id in ids:
            target = inventory.targets[device_id]
            groups[target.driver].append(target)
        batches = await asyncio.gather(
            *(self._drivers[name].read(targets, inventory.targets) for name, targets in groups.items())
        )
        readings = {reading.device_id: reading for batch in batches for reading in batch}
        return [readings[device_id] for device_id in ids]

    async def read_at(self, inventory: Inventory, ids: Sequence[int], moment: datetime) -> Sequence[Reading]:
        """What the simulated ones of these devices show at `moment`, in the order of `ids`; no other has a past."""
        targets = [
            inventory.targets[device_id]
            for device_id in ids
            if inventory.targets[device_id].driver == SimulatedDriver.name
        ]
        return await asyncio.to_thread(self._simulated.read_at, targets, inventory.targets, moment)

    def to_fleet(self, inventory: Inventory, ids: Sequence[int]) -> Fleet:
        """These simulated devices in their order, and behind them every other one above them."""
        return self._simulated.to_fleet([inventory.targets[device_id] for device_id in ids], inventory.targets)


def encode_devices(inventory: Inventory, readings: Sequence[Reading]) -> bytes:
    """The JSON array of these devices with their readings."""
    return encode([to_wire_device(inventory.devices[reading.device_id], reading) for reading in readings])


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
