"""What was found, for people to read."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

# In the order of the columns; those that a narrow terminal has no room for are left out there.
_TITLES = ("#", "address", "name", "type", "system", "MAC address", "by", "behind", "")
_WIDE = ("system", "MAC address")
_WIDE_COLUMNS = 120
_WHOLE = ("#", "address", "MAC address", "by")


def print_found(found: Sequence[Mapping[str, Any]], console: Console) -> None:
    """A line per device, with the number that it is picked by."""
    shown = [title for title in _TITLES if console.width >= _WIDE_COLUMNS or title not in _WIDE]
    table = Table(box=None, pad_edge=False)
    for title in shown:
        justify: JustifyMethod = "right" if title == "#" else "left"
        table.add_column(title, justify=justify, overflow="fold", no_wrap=title in _WHOLE)
    names = {one["address"]: _name(one) or one["address"] for one in found}
    for number, one in enumerate(found, start=1):
        cells = {
            "#": str(number),
            "address": one["address"],
            "name": _name(one),
            "type": one["device_type"] or "",
            "system": one["operating_system"] or "",
            "MAC address": one["mac_address"] or "",
            "by": _means(one),
            "behind": names.get(one["parent_address"] or "", ""),
            "": _remark(one),
        }
        table.add_row(*(Text(cells[title]) for title in shown), style="dim" if _is_known(one) else None)
    console.print(table)


def _is_known(one: Mapping[str, Any]) -> bool:
    return one["known_device_id"] is not None


def _name(one: Mapping[str, Any]) -> str:
    return one["system_name"] or one["name"] or ""


def _means(one: Mapping[str, Any]) -> str:
    return "snmp" if one["credential"] is not None else str(one["found_by"])


def _remark(one: Mapping[str, Any]) -> str:
    return "known" if _is_known(one) else one["error"] or ""
