from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashnet.errors import DriverFault
from services.network.drivers.snmp.options import SnmpOptions
from services.network.drivers.snmp.tables import (
    Interface,
    Value,
    choose_interfaces,
    read_interfaces,
    to_count,
    to_text,
)

TABLE, X_TABLE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
WALKED = [*(f"{TABLE}.{n}" for n in (2, 3, 5, 7, 8)), *(f"{X_TABLE}.{n}" for n in (1, 6, 10, 15, 17, 18))]
NAMES = ("Gi1/0/1", "Gi1/0/2", "Vlan10", "Lo0")

values: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.binary(max_size=300), st.text(max_size=20), st.floats()
)


class Columns:
    """A device whose tables are these columns."""

    def __init__(self, columns: dict[str, dict[int, Value]]) -> None:
        self._columns = columns

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        raise NotImplementedError

    async def walk(self, column: str) -> dict[int, Value]:
        return self._columns.get(column, {})


def interface(index: int, name: str, **fields: Any) -> Interface:
    usual: dict[str, Any] = {
        "label": name.encode(),
        "labelled_by": f"{X_TABLE}.1",
        "alias": None,
        "interface_type": 6,
        "line_speed": 1000.0,
        "octets": 0,
        "octet_bits": 64,
        "is_enabled": True,
        "is_up": True,
        "is_physical": True,
    }
    return Interface(index, name, **{**usual, **fields})


DEVICE = [
    interface(1, "Gi1/0/1", alias="uplink to the core"),
    interface(2, "Gi1/0/2", octets=10**9),
    interface(10, "Vlan10", interface_type=53, is_physical=False, octets=10**10),
    interface(20, "Lo0", interface_type=24, is_physical=False),
]


def choose(present: Sequence[Interface], /, *kept: str, **options: Any) -> list[str]:
    parsed = SnmpOptions.model_validate({"community": "public", **options})
    return [one.name for one in choose_interfaces(present, parsed, frozenset(kept), {})]


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({}, ["Gi1/0/1", "Gi1/0/2"]),
        ({"interfaces": ["Gi1/0/2"]}, ["Gi1/0/2"]),
        ({"interfaces": ["Gi*"]}, ["Gi1/0/1", "Gi1/0/2"]),
        ({"interfaces": ["*"]}, list(NAMES)),
        ({"interfaces": ["Gi1/0/[2-9]"]}, ["Gi1/0/2"]),
        ({"interface_aliases": ["uplink*"]}, ["Gi1/0/1"]),
        ({"interface_types": [53]}, ["Vlan10"]),
        ({"interface_types": [53], "interface_aliases": ["uplink*"]}, ["Gi1/0/1", "Vlan10"]),
        ({"busiest": 1}, ["Gi1/0/2"]),
        ({"interfaces": ["*"], "busiest": 2}, ["Gi1/0/2", "Vlan10"]),
    ],
)
def test_interfaces_are_chosen_by_name_alias_type_or_traffic(options: dict[str, Any], chosen: list[str]) -> None:
    assert choose(DEVICE, **options) == chosen


def test_a_name_with_a_bracket_is_itself_before_it_is_a_pattern() -> None:
    assert choose([interface(1, "port[1]"), interface(2, "port1")], interfaces=["port[1]"]) == ["port[1]", "port1"]


@pytest.mark.parametrize(
    ("interfaces", "chosen"),
    [
        ([interface(1, "eth0", is_up=False), interface(2, "eth1")], ["eth1"]),
        ([interface(1, "tun0", is_physical=False), interface(2, "lo", interface_type=24, is_physical=False)], ["tun0"]),
        ([interface(1, "lo", interface_type=24, is_physical=False)], ["lo"]),
        ([interface(1, "eth0", is_enabled=False)], []),
        ([], []),
    ],
)
def test_without_a_choice_what_stands_for_the_device_is_taken(interfaces: list[Interface], chosen: list[str]) -> None:
    assert choose(interfaces) == chosen


def test_an_interface_that_was_read_before_stays_when_it_goes_down_but_not_when_it_is_switched_off() -> None:
    interfaces = [interface(1, "eth0", is_up=False), interface(2, "eth1", is_up=False, is_enabled=False)]
    assert choose(interfaces, "eth0", "eth1") == ["eth0"]


def test_a_choice_of_nothing_names_what_there_is() -> None:
    with pytest.raises(DriverFault, match=r"no interface that the options name; it has: Gi1/0/1, Gi1/0/2, Vlan10, Lo0"):
        choose(DEVICE, interfaces=["eth*"])


@pytest.mark.parametrize(
    ("high", "low", "speed"),
    [
        (1000, 10**9, 1000.0),
        (0, 64_000, 0.064),
        (None, 10**8, 100.0),
        (None, 2**32 - 1, None),
        (0, 0, None),
        (None, None, None),
        (b"x", -5, None),
    ],
)
async def test_the_line_speed_is_ifhighspeed_or_ifspeed(high: Value, low: Value, speed: float | None) -> None:
    columns: dict[str, dict[int, Value]] = {
        f"{TABLE}.3": {1: 6},
        f"{X_TABLE}.15": {1: high},
        f"{TABLE}.5": {1: low},
    }
    (found,) = await read_interfaces(Columns(columns))
    assert found.line_speed == speed


@pytest.mark.parametrize(("wide", "bits"), [({1: 5}, 64), ({}, 32), ({1: b"none"}, 32)])
async def test_counters_of_64_bits_are_taken_where_both_are_there(wide: dict[int, Value], bits: int) -> None:
    columns: dict[str, dict[int, Value]] = {
        f"{TABLE}.3": {1: 6},
        f"{X_TABLE}.6": {1: 5},
        f"{X_TABLE}.10": wide,
        f"{TABLE}.10": {1: 7},
        f"{TABLE}.16": {1: 8},
    }
    (found,) = await read_interfaces(Columns(columns))
    assert found.octet_bits == bits


@given(columns=st.dictionaries(st.sampled_from(WALKED), st.dictionaries(st.integers(0, 5), values)))
async def test_whatever_a_device_says_its_interfaces_have_names_of_their_own(
    columns: dict[str, dict[int, Value]],
) -> None:
    interfaces = await read_interfaces(Columns(columns))
    names = [one.name for one in interfaces]
    assert len(set(names)) == len(names)
    assert all(names)


@given(value=values)
def test_a_count_is_one_that_a_counter_can_have(value: Value) -> None:
    count = to_count(value)
    assert count is None or 0 <= count < 2**64


@given(value=values)
def test_a_text_can_be_shown_and_stored(value: Value) -> None:
    text = to_text(value)
    assert len(text) <= 255
    assert all(one.isprintable() for one in text)
    text.encode()
