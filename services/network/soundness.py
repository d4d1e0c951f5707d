"""Whether readings are what they should be: drivers are code too, and what they read was written by anybody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from dashnet.reading import InterfaceReading, Reading, State
from services.network.drivers.driver import Target
from services.network.drivers.facts import Facts

_LONGEST_ERROR = 1000
_LARGEST_NUMBER = 2.0**63
# JSON has no place for halves of a character, and Postgres none for NUL.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_NUMBERS = "upload_speed", "download_speed", "round_trip_seconds", "loss_ratio", "jitter_seconds"
_INTERFACE_NUMBERS = (
    "interface_type",
    "line_speed",
    "upload_speed",
    "download_speed",
    "errors_in",
    "errors_out",
    "discards_in",
    "discards_out",
)
_to_numbers, _to_interface_numbers = attrgetter(*_NUMBERS), attrgetter(*_INTERFACE_NUMBERS)
_COLUMNS = [attrgetter(name) for name in _NUMBERS]
_to_id, _to_state, _to_read_at = attrgetter("device_id"), attrgetter("state"), attrgetter("read_at")


def are_sound(targets: Sequence[Target], batch: Sequence[object]) -> bool:
    """Whether this is a reading of each target in their order, with nothing in it that cannot be stored.

    Quick for 10,000 of them: what most readings consist of is looked at for all of them at once.
    """
    if set(map(type, batch)) - {Reading}:
        return False
    readings: Sequence[Reading] = batch  # type: ignore[assignment]  # just looked at
    if list(map(_to_id, readings)) != list(map(_to_id, targets)):
        return False
    if set(map(type, map(_to_state, readings))) - {State} or set(map(type, map(_to_read_at, readings))) - {datetime}:
        return False
    if not all(_are_numbers(list(map(column, readings))) for column in _COLUMNS):
        return False
    wordy = (one for one in readings if one.error is not None or one.interfaces)
    return all(explain_unsound(one) is None and with_clean_words(one) is one for one in wordy)


def match(targets: Sequence[Target], batch: Sequence[object]) -> Mapping[int, object]:
    """What was returned for each target: what stands in its place, or else bears its id."""
    given: dict[int, object] = {}
    strays: dict[int, object] = {}
    for place, one in enumerate(batch):
        device_id = getattr(one, "device_id", None)
        if place < len(targets) and device_id in (None, targets[place].device_id):
            given[targets[place].device_id] = one
        elif isinstance(device_id, int):
            strays[device_id] = one
    return {**strays, **given}


def explain_unsound(given: object) -> str | None:
    """Why this is no reading that can be stored; null where it is one."""
    if not isinstance(given, Reading):
        return "returned no reading of this device" if given is None else f"returned {type(given).__qualname__}"
    try:
        return _explain_unsound(given)
    except (AttributeError, TypeError) as error:
        return f"returned a reading with a value of the wrong type: {error}"


def _explain_unsound(reading: Reading) -> str | None:
    if not isinstance(reading.state, State) or type(reading.read_at) is not datetime:
        return "returned a reading without a state or a time"
    if not _are_numbers(_to_numbers(reading)):
        return f"returned numbers that are none: {dict(zip(_NUMBERS, _to_numbers(reading), strict=True))}"[:500]
    for one in reading.interfaces:
        if not isinstance(one.state, State) or not _are_numbers(_to_interface_numbers(one)):
            return f"returned an interface with numbers that are none: {one!r}"[:500]
    with_clean_words(reading)
    return None


def _are_numbers(values: Sequence[object]) -> bool:
    """Whether each is a number or null, and none of them infinite, no number at all, or beyond JSON's."""
    try:
        # No number at all, and infinity, stay what they are in a sum.
        return abs(sum(values)) < _LARGEST_NUMBER  # type: ignore[arg-type]  # it raises where one is something else
    except OverflowError:
        return False
    except TypeError:
        numbers = [one for one in values if one is not None]
        return len(numbers) < len(values) and _are_numbers(numbers)


def with_clean_words(reading: Reading) -> Reading:
    """The reading, with a sign in the place of each character that cannot be stored, and an error of bounded length.

    Raises:
        TypeError: some of its words are no text.
    """
    error = None if reading.error is None else clean_text(reading.error[:_LONGEST_ERROR])
    interfaces = reading.interfaces
    if any(_is_unclean(one) for one in interfaces):
        interfaces = [
            replace(one, name=clean_text(one.name), alias=one.alias and clean_text(one.alias)) for one in interfaces
        ]
    if error == reading.error and interfaces is reading.interfaces:
        return reading
    return replace(reading, error=error, interfaces=interfaces)


def _is_unclean(interface: InterfaceReading) -> bool:
    return bool(_UNSTORABLE.search(interface.name) or (interface.alias and _UNSTORABLE.search(interface.alias)))


def with_clean_facts(facts: Facts) -> Facts:
    """The same for what a device says of itself."""
    said: dict[str, Any] = {one.name: getattr(facts, one.name) for one in fields(facts)}
    said.update((name, clean_text(one)) for name, one in said.items() if isinstance(one, str))
    return Facts(**said)


def clean_text(text: str) -> str:
    """The text, with a sign in the place of each character that JSON or Postgres has no place for."""
    return _UNSTORABLE.sub("\ufffd", text)
