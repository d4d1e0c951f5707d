"""A fleet as a file tells it: devices in the file's words, with the lines where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashnet.errors import FieldError, InvalidInput

MOST_BYTES = 40 * 1024 * 1024
SHOWN_ERRORS = 50
# As they are sent to the network service, and in the order of an export.
FIELDS = (
    "host_name",
    "mac_address",
    "ip_address",
    "device_type",
    "operating_system",
    "driver",
    "driver_options",
    "tags",
    "parent",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One device: its fields, not checked yet, its line, and the line of each field that has one of its own."""

    fields: Mapping[str, Any]
    line: int
    field_lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The devices of a file, and in words: what of it was left out on purpose, and how it had to be read."""

    entries: Sequence[Entry]
    left_out: Sequence[str] = ()
    notes: Sequence[str] = ()


class WrongLine(Exception):
    """The file is wrong in a line; whoever knows its name tells it."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(detail)
        self.line = line
        self.detail = detail


def refuse(source: str, errors: Sequence[FieldError]) -> InvalidInput:
    """One error that shows each place of the file with what is wrong there."""
    shown = [f"  {error.location}: {error.detail}" for error in errors[:SHOWN_ERRORS]]
    more = [f"  and {len(errors) - SHOWN_ERRORS:,} more"] if len(errors) > SHOWN_ERRORS else []
    count = "an error" if len(errors) == 1 else f"{len(errors):,} errors"
    return InvalidInput("\n".join([f"{count} in {source}, nothing was changed:", *shown, *more]), errors)
