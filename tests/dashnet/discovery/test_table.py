"""The table of what was found, in wide and narrow terminals."""

import io
from typing import Any

import pytest
from rich.console import Console

from dashnet.discovery.table import print_found

SWITCH: dict[str, Any] = {
    "address": "192.168.100.200",
    "system_name": "access-switch-in-the-attic",
    "name": "ignored.lan",
    "device_type": "Access Point",
    "operating_system": "Cisco IOS XE 17.9.4a",
    "mac_address": "00:1B:44:11:3A:B7",
    "found_by": "ping",
    "credential": 0,
    "parent_address": None,
    "known_device_id": None,
    "error": None,
}
HOST = SWITCH | {
    "address": "192.168.100.201",
    "system_name": None,
    "name": None,
    "credential": None,
    "parent_address": "192.168.100.200",
    "known_device_id": 7,
}
REFUSED = HOST | {"address": "192.168.100.202", "known_device_id": None, "error": "refuses user [me]"}


def show(width: int) -> list[str]:
    output = io.StringIO()
    print_found([SWITCH, HOST, REFUSED], Console(file=output, width=width))
    return output.getvalue().splitlines()


def test_a_line_tells_a_device_where_there_is_room() -> None:
    head, *lines = show(160)
    assert head.split() == ["#", "address", "name", "type", "system", "MAC", "address", "by", "behind"]
    assert len(lines) == 3
    names = "1 192.168.100.200 access-switch-in-the-attic Access Point Cisco IOS XE 17.9.4a"
    assert lines[0].split() == [*names.split(), "00:1B:44:11:3A:B7", "snmp"]
    assert lines[1].split()[-3:] == ["ping", "access-switch-in-the-attic", "known"]
    assert "refuses user [me]" in lines[2]


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_terminal_shows_what_is_needed_to_pick(width: int) -> None:
    shown = "\n".join(show(width))
    assert "00:1B:44:11:3A:B7" not in shown
    assert all(address in shown for address in ("192.168.100.200", "192.168.100.201", "192.168.100.202"))
    assert max(map(len, shown.splitlines())) <= width
