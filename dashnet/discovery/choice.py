"""Which of the found devices are to be added, as somebody types it. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

Found = Mapping[str, Any]


class Some(StrEnum):
    """Choices by a word; a device that is known already is in none of them."""

    ALL = "all"
    NONE = "none"
    SNMP = "snmp"


def choose(text: str, found: Sequence[Found]) -> Sequence[Found]:
    """The devices that `1,3-5` (numbers from 1), `all`, `none` or `snmp` means; none of them is known.

    Raises:
        ValueError: it means nothing; the text says what would.
    """
    words = text.replace(",", " ").split()
    new = [one for one in found if one["known_device_id"] is None]
    if not words or words == [Some.NONE]:
        return []
    if words == [Some.ALL]:
        return new
    if words == [Some.SNMP]:
        return [one for one in new if one["credential"] is not None]
    numbers = {number for word in words for number in _read_numbers(word, len(found))}
    known = sorted(number for number in numbers if found[number - 1]["known_device_id"] is not None)
    if known:
        raise ValueError(f"{', '.join(map(str, known))}: in the inventory already")
    return [one for number, one in enumerate(found, start=1) if number in numbers]


def _read_numbers(word: str, count: int) -> range:
    first, dash, last = word.partition("-")
    last = last if dash else first
    if not (_is_number(first) and _is_number(last)):
        raise ValueError(f"{word!r} is no number: say numbers and ranges such as 1,3-5, or all, snmp or none")
    begin, end = int(first), int(last)
    if not 1 <= begin <= end <= count:
        raise ValueError(f"{word}: the numbers go from 1 to {count}")
    return range(begin, end + 1)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 7


def to_entries(chosen: Sequence[Found], found: Sequence[Found], credentials: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The chosen ones as `PUT /devices/` takes them: with their secrets, and with those parents that will be there."""
    there = {one["proposal"]["mac_address"] for one in found if one["known_device_id"] is not None}
    there |= {one["proposal"]["mac_address"] for one in chosen}
    return [_to_entry(one, there, credentials) for one in chosen]


def _to_entry(one: Found, there: set[str], credentials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    proposal = one["proposal"]
    options = dict(proposal["driver_options"])
    if one["credential"] is not None:
        options |= credentials[one["credential"]]
    parent = proposal["parent"] if proposal["parent"] in there else None
    return {**proposal, "driver_options": options, "parent": parent}
