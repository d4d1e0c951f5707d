from collections.abc import Sequence
from typing import Any

import pytest

from dashnet.errors import DriverFault
from services.network.drivers.snmp.choice import choose_interfaces
from services.network.drivers.snmp.options import SnmpOptions
from services.network.drivers.snmp.tables import Interface

X_TABLE = "1.3.6.1.2.1.31.1.1.1"
NAMES = ("Gi1/0/1", "Gi1/0/2", "Vlan10", "Lo0")


def make_interface(index: int, name: str, **fields: Any) -> Interface:
    usual: dict[str, Any] = {
        "label": name.encode(),
        "labelled_by": f"{X_TABLE}.1",
        "description": name,
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
    make_interface(1, "Gi1/0/1", alias="uplink to the core"),
    make_interface(2, "Gi1/0/2", octets=10**9),
    make_interface(10, "Vlan10", interface_type=53, is_physical=False, octets=10**10),
    make_interface(20, "Lo0", interface_type=24, is_physical=False),
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
    assert choose([make_interface(1, "port[1]"), make_interface(2, "port1")], interfaces=["port[1]"]) == [
        "port[1]",
        "port1",
    ]


@pytest.mark.parametrize(
    ("interfaces", "chosen"),
    [
        ([make_interface(1, "eth0", is_up=False), make_interface(2, "eth1")], ["eth1"]),
        (
            [
                make_interface(1, "tun0", is_physical=False),
                make_interface(2, "lo", interface_type=24, is_physical=False),
            ],
            ["tun0"],
        ),
        ([make_interface(1, "lo", interface_type=24, is_physical=False)], ["lo"]),
        ([make_interface(1, "eth0", is_enabled=False)], []),
        ([], []),
    ],
)
def test_without_a_choice_what_stands_for_the_device_is_taken(interfaces: list[Interface], chosen: list[str]) -> None:
    assert choose(interfaces) == chosen


def test_an_interface_that_was_read_before_stays_when_it_goes_down_but_not_when_it_is_switched_off() -> None:
    interfaces = [make_interface(1, "eth0", is_up=False), make_interface(2, "eth1", is_up=False, is_enabled=False)]
    assert choose(interfaces, "eth0", "eth1") == ["eth0"]


def test_a_choice_of_nothing_names_what_there_is() -> None:
    with pytest.raises(DriverFault, match=r"no interface that the options name; it has: Gi1/0/1, Gi1/0/2, Vlan10, Lo0"):
        choose(DEVICE, interfaces=["eth*"])


def test_a_device_without_interfaces_has_none_of_all() -> None:
    assert choose([], interfaces=["*"]) == []


def test_a_device_without_interfaces_has_none_of_a_name() -> None:
    with pytest.raises(DriverFault, match="it has: none"):
        choose([], interfaces=["eth*"])
