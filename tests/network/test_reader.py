import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import orjson

from dashnet.reading import InterfaceReading, Reading, State, unread
from services.network.changes import Changes
from services.network.drivers.driver import Target
from services.network.drivers.simulated import SimulatedDriver
from services.network.inventory_cache import Inventory, apply_changes
from services.network.reader import Reader, encode, encode_devices, to_wire_device
from services.network.secret_keys import SecretKeys
from tests.factories import make_device
from tests.network import secret_driver

UNREAD_SPEED = unread(1, State.UNKNOWN, datetime.now(UTC), "").upload_speed
MOMENT = datetime(2026, 11, 23, 20, tzinfo=UTC)


class StandIn:
    """A driver `host` that answers in its own order, once `release` is set."""

    name = "host"

    def __init__(self) -> None:
        self.asked: list[Sequence[int]] = []
        self.release = asyncio.Event()
        self.release.set()

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        self.asked.append([target.device_id for target in targets])
        await self.release.wait()
        return [unread(target.device_id, State.DOWN, MOMENT, "gone") for target in reversed(targets)]


def make_inventory(*drivers: str) -> Inventory:
    devices = [
        make_device(id=number, driver=driver, driver_options={}, tags=[], parent_id=None)
        for number, driver in enumerate(drivers, start=1)
    ]
    return apply_changes(Inventory("a", 0, (), {}, {}), Changes("a", 1, devices, []), SecretKeys([]))


async def test_readings_come_in_the_order_that_was_asked_for() -> None:
    inventory = make_inventory("simulated", "host", "simulated", "host")
    readings = await Reader([StandIn()], SimulatedDriver(1)).read(inventory, [4, 1, 3, 2])
    assert [reading.device_id for reading in readings] == [4, 1, 3, 2]


async def test_each_driver_is_asked_once_and_only_for_its_own() -> None:
    host = StandIn()
    await Reader([host], SimulatedDriver(1)).read(make_inventory("host", "simulated", "host"), [1, 2, 3])
    assert host.asked == [[1, 3]]


async def test_no_driver_is_asked_for_nothing() -> None:
    host = StandIn()
    assert await Reader([host], SimulatedDriver(1)).read(make_inventory("host"), []) == []
    assert host.asked == []


async def test_the_past_is_that_of_simulated_devices_alone() -> None:
    host = StandIn()
    readings = await Reader([host], SimulatedDriver(1)).read_at(make_inventory("host", "simulated"), [1, 2], MOMENT)
    assert [(reading.device_id, reading.read_at) for reading in readings] == [(2, MOMENT)]
    assert host.asked == []


def test_a_fleet_begins_with_the_devices_asked_for_and_goes_on_with_those_above_them() -> None:
    devices = [
        make_device(id=number, driver=driver, driver_options={}, tags=[], parent_id=number - 1 or None)
        for number, driver in enumerate(("simulated", "simulated", "host", "simulated", "simulated"), start=1)
    ]
    inventory = apply_changes(Inventory("a", 0, (), {}, {}), Changes("a", 1, devices, []), SecretKeys([]))
    fleet = Reader([], SimulatedDriver(1)).to_fleet(inventory, [5, 2])
    assert (fleet.ids[:2].tolist(), sorted(fleet.ids[2:])) == ([5, 2], [1, 4])


def test_a_device_on_the_wire_is_its_fields_and_its_reading() -> None:
    reading = Reading(1, State.UP, 1.5, 2.5, 0.25, MOMENT)
    assert to_wire_device({"id": 1, "tags": []}, reading) == {
        "id": 1,
        "tags": [],
        "state": "up",
        "active_connection": True,
        "upload_speed": 1.5,
        "download_speed": 2.5,
        "round_trip_seconds": 0.25,
        "loss_ratio": None,
        "jitter_seconds": None,
        "read_at": MOMENT,
        "error": None,
    }


def test_devices_are_encoded_in_the_order_of_their_readings() -> None:
    inventory = make_inventory("host", "host")
    readings = [unread(2, State.UNKNOWN, MOMENT, "no permission"), unread(1, State.DOWN, MOMENT, "gone")]
    devices = orjson.loads(encode_devices(inventory, readings))
    assert [(one["id"], one["active_connection"], one["error"]) for one in devices] == [
        (2, None, "no permission"),
        (1, False, "gone"),
    ]


def test_an_interface_whose_name_is_no_unicode_costs_nobody_the_reading() -> None:
    shown = [InterfaceReading("eth\udcff", State.UP), InterfaceReading("eth0", State.UP)]
    readings = [Reading(1, State.UP, 1.5, 2.5, None, MOMENT, interfaces=shown), unread(2, State.DOWN, MOMENT, "gone")]
    encoded = encode_devices(make_inventory("host", "host"), readings, with_interfaces=True)
    first, second = orjson.loads(encoded)
    assert [one["name"] for one in first["interfaces"]] == ["eth\ufffd", "eth0"]
    assert second["error"] == "gone"


def test_a_reading_that_json_has_no_place_for_costs_nobody_else_the_reading() -> None:
    bad = replace(unread(1, State.DOWN, MOMENT, "gone"), upload_speed=10**30)
    first, second = orjson.loads(
        encode_devices(make_inventory("host", "host"), [bad, unread(2, State.DOWN, MOMENT, "x")])
    )
    assert (first["state"], first["upload_speed"], second["error"]) == ("unknown", UNREAD_SPEED, "x")
    assert first["error"] == "internal fault of driver host; see the network service's log"


def test_times_end_in_z() -> None:
    assert encode(MOMENT) == b'"2026-11-23T20:00:00Z"'


class Talkative:
    """A driver that quotes what it was given."""

    name = secret_driver.NAME

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        return [unread(target.device_id, State.DOWN, MOMENT, "no answer to token-7 of nas") for target in targets]


async def test_a_driver_that_quotes_a_secret_is_not_quoted() -> None:
    with secret_driver.secretive_driver():
        device = make_device(id=1, driver=Talkative.name, driver_options={"token": "token-7"}, tags=[], parent_id=None)
        inventory = apply_changes(Inventory("a", 0, (), {}, {}), Changes("a", 1, [device], []), SecretKeys([]))
        (reading,) = await Reader([Talkative()], SimulatedDriver(1)).read(inventory, [1])
    assert reading.error == "no answer to ********** of nas"


async def test_a_device_that_its_driver_cannot_be_given_is_unknown_and_the_others_are_read() -> None:
    devices = [
        make_device(id=1, driver="host", driver_options={"gone": 1}, tags=[], parent_id=None),
        make_device(id=2, driver="simulated", driver_options={}, tags=[], parent_id=1),
    ]
    inventory = apply_changes(Inventory("a", 0, (), {}, {}), Changes("a", 1, devices, []), SecretKeys([]))
    first, second = await Reader([StandIn()], SimulatedDriver(1)).read(inventory, [1, 2])
    assert (first.state, "gone: Extra inputs" in str(first.error)) == (State.UNKNOWN, True)
    assert second.state in (State.UP, State.DOWN)


class Broken(StandIn):
    """A driver that fails at one of its devices."""

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:
        if any(target.device_id == 2 for target in targets):
            raise ZeroDivisionError
        return await super().read(targets, inventory)


async def test_a_driver_that_fails_costs_no_device_of_it_and_of_no_other_driver_the_reading() -> None:
    readings = await Reader([Broken()], SimulatedDriver(1)).read(make_inventory("host", "host", "simulated"), [1, 2, 3])
    assert [reading.state is State.UNKNOWN for reading in readings] == [False, True, False]
    assert readings[1].error == "internal fault of driver host; see the network service's log"
