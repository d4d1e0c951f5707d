import pytest

from dashnet.edge import TRAFFIC_DRIVERS, NetworkKind, Place, choose_kind, find_edge, to_places
from services.network.drivers import OPTIONS


def place(device_id: int, parent_id: int | None = None, driver: str = "snmp", *, uplink: bool = False) -> Place:
    return Place(device_id, driver, parent_id, uplink)


@pytest.mark.parametrize(
    ("places", "edge"),
    [
        ([], set()),
        ([place(1), place(2)], {1, 2}),
        ([place(1), place(2, 1), place(3, 2)], {1}),
        ([place(1, driver="icmp"), place(2, 1), place(3, 2)], {2}),
        ([place(1), place(2, 1, "icmp"), place(3, 2)], {1}),
        ([place(1, driver="icmp")], set()),
        ([place(2, parent_id=99)], {2}),
    ],
    ids=["none", "without parents", "a tree", "modem asked only", "switch asked only", "no traffic", "parent unknown"],
)
def test_without_a_mark_those_count_that_no_other_above_them_does(places: list[Place], edge: set[int]) -> None:
    assert find_edge(places) == edge


@pytest.mark.parametrize(
    ("places", "edge"),
    [
        ([place(1), place(2, uplink=True), place(3)], {2}),
        ([place(1), place(2, 1, uplink=True), place(3, 2, uplink=True)], {2, 3}),
        ([place(1, driver="icmp", uplink=True), place(2)], {2}),
        ([place(1, uplink=True), place(2), place(3, driver="simulated"), place(4, 3, "simulated")], {1, 3}),
    ],
    ids=["a flat list", "below another", "one that counts nothing", "each kind by itself"],
)
def test_where_devices_are_marked_only_those_count(places: list[Place], edge: set[int]) -> None:
    assert find_edge(places) == edge


def test_a_device_of_the_other_kind_hides_nothing() -> None:
    places = [place(1, driver="simulated"), place(2, 1), place(3, 2, "simulated"), place(4, 3)]
    assert find_edge(places) == {1, 2}


def test_parents_in_a_circle_end() -> None:
    """No inventory has one, and a store half brought up to it might."""
    assert find_edge([place(1, 2), place(2, 1), place(3)]) >= {3}


def test_a_chain_of_all_devices_is_followed_once() -> None:
    chain = [place(number, number - 1, "icmp") for number in range(1, 20_000)]
    assert find_edge([*chain, place(30_000, 19_999), place(30_001, 30_000)]) == {30_000}


def test_places_are_those_of_devices_as_messages_tell_them() -> None:
    device = {"id": 7, "driver": "host", "parent_id": 3, "tags": ["lab", "uplink"]}
    assert to_places([device]) == [Place(7, "host", 3, is_uplink=True)]


@pytest.mark.parametrize(
    ("drivers", "kind"),
    [(["simulated"], "simulated"), (["simulated", "icmp"], "real"), (["snmp"], "real"), ([], "real")],
)
def test_the_kind_meant_is_real_unless_all_is_simulated(drivers: list[str], kind: str) -> None:
    assert choose_kind(drivers) == NetworkKind(kind)


def test_every_driver_named_here_is_one() -> None:
    assert set(OPTIONS) >= TRAFFIC_DRIVERS
