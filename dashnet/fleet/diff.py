"""What a fleet changes in the inventory, for people to read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text

from dashnet.secret_mask import SECRET_MASK

SHOWN_DEVICES = 100

_Changes = Mapping[str, Any]


def print_changes(changes: _Changes, console: Console) -> None:
    """One line per device and per field of it that changes, and what it comes to."""
    for line in describe_changes(changes):
        console.print(line, soft_wrap=True)


def describe_changes(changes: _Changes) -> Iterator[Text]:
    """The lines of `print_changes`."""
    yield from _list(changes["created"], "+", "green")
    yield from _list(changes["changed"], "~", "yellow")
    yield from _list(changes["removed"], "-", "red")
    yield Text(summarize(changes))


def summarize(changes: _Changes) -> str:
    """How many devices, in one line."""
    created, changed, removed = (len(changes[name]) for name in ("created", "changed", "removed"))
    words = ("to add", "to change", "to remove") if changes["dry_run"] else ("added", "changed", "removed")
    counts = zip((created, changed, removed), words, strict=True)
    told = [f"{count:,} {word}" for count, word in counts if count] or ["nothing to do"]
    return ", ".join([*told, f"{changes['unchanged']:,} as they were"])


def _list(devices: Sequence[_Changes], sign: str, style: str) -> Iterator[Text]:
    for device in devices[:SHOWN_DEVICES]:
        yield Text(f"{sign} {device['host_name']} ({device['mac_address'] or 'no MAC address'})", style=style)
        for change in device.get("changes", ()):
            yield Text(f"    {change['field']}: {_describe(change['before'], change['after'])}")
    if len(devices) > SHOWN_DEVICES:
        yield Text(f"{sign} and {len(devices) - SHOWN_DEVICES:,} more", style=style)


def _describe(before: object, after: object) -> str:
    if before == after:
        return "another secret"
    if SECRET_MASK in (before, after) and None in (before, after):
        return "secret set" if before is None else "secret removed"
    return f"{_show(before)} -> {_show(after)}"


def _show(value: object) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) and value else orjson.dumps(value).decode()
