"""What a device's objects are worth: counts, texts and the sessions that ask for them."""

from collections.abc import Sequence
from typing import Protocol

Value = None | str | bytes | int | float

_LARGEST_COUNTER = 2**64 - 1
_MOST_CHARACTERS = 255
# A character of UTF-8 that an agent cut in two leaves at most so many bytes at the end.
_MOST_CUT_BYTES = 3


class Session(Protocol):
    """What is asked of a device here."""

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        """Return the values of those of these objects that there are, and the uptime."""
        ...

    async def walk(self, column: str) -> dict[int, Value]:
        """Return a column of a table, by its index."""
        ...

    async def walk_rows(self, column: str) -> dict[tuple[int, ...], Value]:
        """Return a column of a table by its indexes, of which there may be several."""
        ...


def to_count(value: Value) -> int | None:
    """Return a whole number that a counter can have; null for anything else."""
    return value if isinstance(value, int) and 0 <= value <= _LARGEST_COUNTER else None


def to_text(value: Value, most: int = _MOST_CHARACTERS) -> str:
    """Return text without what cannot be shown, on one line; empty for what is no text."""
    if isinstance(value, bytes):
        value = _decode(value)
    if not isinstance(value, str):
        return ""
    if not value.isprintable():
        value = "".join(one if one.isprintable() else " " if one.isspace() else "" for one in value)
    return value.strip()[:most]


def _decode(text: bytes) -> str:
    """Decode UTF-8, and what is none as Windows-1252, which contains Latin-1."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        whole = text[: error.start]
        if (
            error.reason == "unexpected end of data"
            and len(text) - len(whole) <= _MOST_CUT_BYTES
            and not whole.isascii()
        ):
            return whole.decode()
        return text.decode("cp1252", "ignore")
