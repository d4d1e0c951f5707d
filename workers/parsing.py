"""From answers of the network service to columns that the store can hold.

What is as it should be passes in bulk. Anything else is looked at one by one: a value that cannot be true becomes null
and says so in its device's error, and what has no id is left out. One bad device spoils no other.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter, lt
from typing import Any, cast

import orjson

from dashnet.bounds import MEASURED, MOST, RATES, explain, is_believed
from dashnet.messages import LiveInterface
from dashnet.reading import State

logger = logging.getLogger(__name__)

LONGEST_NAME, LONGEST_TEXT, LARGEST_INTEGER = 255, 1_000, 2**31 - 1
_FIELDS = ("id", "active_connection", "error", *MEASURED)
# Of an answer, in the order of MEASURED.
_MEASURED_COLUMNS = ("upload_speeds", "download_speeds", "round_trips_seconds", "loss_ratios", "jitters_seconds")
_INTERFACE_FIELDS = ("name", "alias", "interface_type", "state", "line_speed", *RATES)
_NUMBERS = {int, float, type(None)}
_TRUTHS = {bool, type(None)}
_TEXTS = {str, type(None)}


def parse_json(body: bytes) -> Any:  # any JSON value
    """Parse an answer. What only Python's own parser takes, such as NaN, is looked at like any other value.

    Raises:
        ValueError: it is no JSON at all.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body.decode("utf-8", "replace"))


def to_columns(answer: Mapping[str, Any]) -> list[list[Any]]:
    """Return id, active connection, error and what is measured of these devices, each as a column, in id order.

    Raises:
        ValueError: the columns are of different lengths, or some are none.
    """
    ids, errors = answer.get("device_ids"), answer.get("errors")
    if not isinstance(ids, list):
        raise ValueError("no column device_ids")
    measured = [answer.get(name) for name in _MEASURED_COLUMNS]
    told = [errors.get(str(one)) for one in ids] if errors and isinstance(errors, dict) else [None] * len(ids)
    columns: list[Any] = [ids, answer.get("active_connections"), told]
    columns += [[None] * len(ids) if one is None else one for one in measured]
    if any(not isinstance(one, list) or len(one) != len(ids) for one in columns):
        raise ValueError("columns of different lengths")
    if not ids or _are_sound(columns):
        return columns
    devices = [dict(zip(_FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]
    sound = {device["id"]: _to_sound(device) for device in reversed(devices) if _is_id(device["id"])}
    if len(sound) < len(devices):
        logger.error("ids of the network service are none, or repeated count=%d", len(devices) - len(sound))
    return [[sound[device_id][name] for device_id in sorted(sound)] for name in _FIELDS]


def _are_sound(columns: Sequence[list[Any]]) -> bool:
    ids, active, errors, *measured = columns
    return (
        set(map(type, ids)) == {int}
        and all(map(lt, ids, ids[1:]))
        and ids[0] > 0
        and ids[-1] <= LARGEST_INTEGER
        and set(map(type, active)) <= _TRUTHS
        and set(map(type, errors)) <= _TEXTS
        and all(are_believed(name, column) for name, column in zip(MEASURED, measured, strict=True))
    )


def are_believed(name: str, column: Sequence[Any]) -> bool:
    """Whether all of these are numbers of that name, or null."""
    kinds = set(map(type, column))
    if kinds == {type(None)}:
        return True
    if not kinds <= _NUMBERS:
        return False
    known = [value for value in column if value is not None] if type(None) in kinds else column
    # A sum with NaN is NaN, wherever it stands; a maximum is not.
    return not known or (min(known) >= 0 and max(known) <= MOST[name] and sum(known) >= 0)


def _is_id(given: object) -> bool:
    return type(given) is int and 0 < given <= LARGEST_INTEGER


def _to_sound(device: Mapping[str, Any]) -> dict[str, Any]:
    active, error = device["active_connection"], device["error"]
    given = {name: device[name] for name in MEASURED}
    doubts = [explain(name, value) for name, value in given.items() if not (value is None or is_believed(name, value))]
    return {
        "id": device["id"],
        "active_connection": active if isinstance(active, bool) else None,
        "error": clean_text(error) or ("; ".join(doubts) or None),
        **{name: value if is_believed(name, value) else None for name, value in given.items()},
    }


def clean_text(text: object, longest: int = LONGEST_TEXT) -> str | None:
    """Return a text that Postgres takes: no NUL, no half of a character, not too long. None where it is no text."""
    if not isinstance(text, str):
        return None
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:longest]


def to_interfaces(answer: object) -> dict[int, Sequence[LiveInterface]]:
    """Return the interfaces of those devices that show any, by id, each name once."""
    given = answer.items() if isinstance(answer, dict) else ()
    shown = {int(one): its for one, its in given if one.isdecimal() and _is_id(int(one)) and its is not None}
    lists = [its if isinstance(its, list) else [] for its in shown.values()]
    if _are_sound_interfaces(list(chain.from_iterable(lists))):
        return {one: _each_name_once(its) for one, its in zip(shown, lists, strict=True)}
    return {one: _to_sound_interfaces(its) for one, its in zip(shown, lists, strict=True)}


def _each_name_once(interfaces: Sequence[LiveInterface]) -> Sequence[LiveInterface]:
    found: dict[str, LiveInterface] = {}
    for one in interfaces:
        found.setdefault(one["name"], one)
    return interfaces if len(found) == len(interfaces) else list(found.values())


def _are_sound_interfaces(interfaces: Sequence[Any]) -> bool:
    try:
        columns = [list(column) for column in zip(*map(itemgetter(*_INTERFACE_FIELDS), interfaces), strict=True)]
    except (KeyError, TypeError):
        return False
    if not columns:
        return True
    names, aliases, types, states, *rates = columns
    return (
        set(map(type, names)) == {str}
        and set(map(type, aliases)) <= _TEXTS
        and _is_clean("".join(names), max(map(len, names)), LONGEST_NAME)
        and _is_clean("".join(filter(None, aliases)), max(len(one or "") for one in aliases), LONGEST_TEXT)
        and set(map(type, types)) <= {int, type(None)}
        and all(0 <= (one or 0) <= LARGEST_INTEGER for one in types)
        and set(map(type, states)) == {str}
        and set(states) <= set(State)
        and all(are_believed(name, column) for name, column in zip(("line_speed", *RATES), rates, strict=True))
    )


def _is_clean(joined: str, length: int, longest: int) -> bool:
    return length <= longest and "\0" not in joined and clean_text(joined, len(joined)) == joined


def _to_sound_interfaces(interfaces: Iterable[Any]) -> list[LiveInterface]:
    sound: dict[str, LiveInterface] = {}
    for one in interfaces:
        name = clean_text(one.get("name"), LONGEST_NAME) if isinstance(one, dict) else None
        if name is not None:
            sound.setdefault(name, _to_sound_interface(name, one))
    return list(sound.values())


def _to_sound_interface(name: str, given: Mapping[str, Any]) -> LiveInterface:
    kind, state = given.get("interface_type"), given.get("state")
    numbers = {one: given.get(one) if is_believed(one, given.get(one)) else None for one in ("line_speed", *RATES)}
    sound = {
        "name": name,
        "state": State(state) if state in list(State) else State.UNKNOWN,
        "alias": clean_text(given.get("alias")),
        "interface_type": kind if type(kind) is int and 0 <= kind <= LARGEST_INTEGER else None,
        **numbers,
    }
    return cast(LiveInterface, sound)
