"""What was found, for people to read."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_TITLES = ("#", "address", "name", "type", "system", "MAC address", "by", "behind", "")
_WHOLE = {"#", "address", "MAC address", "by"}


def print_found(found: Sequence[Mapping[str, Any]], console: Console) -> None:
    """A line per device, with the number that it is picked by."""
    table = Table(box=None, pad_edge=False)
    for title in _TITLES:
        table.add_column(title, justify="right" if title == "#" else "left", no_wrap=title in _WHOLE, overflow="fold")
    names = {one["address"]: _name(one) or one["address"] for one in found}
    for number, one in enumerate(found, start=1):
        parent = names.get(one["parent_address"] or "", "")
        cells = (
            *(str(number), one["address"], _name(one), one["device_type"] or ""),
            *(one["operating_system"] or "", one["mac_address"] or "", _means(one), parent, _remark(one)),
        )
        table.add_row(*map(Text, cells), style="dim" if one["known_device_id"] is not None else None)
    console.print(table)


def _name(one: Mapping[str, Any]) -> str:
    return one["system_name"] or one["name"] or ""


def _means(one: Mapping[str, Any]) -> str:
    return "snmp" if one["credential"] is not None else str(one["found_by"])


def _remark(one: Mapping[str, Any]) -> str:
    if one["known_device_id"] is not None:
        return f"known, device {one['known_device_id']}"
    return one["error"] or ""
