"""Bodies of JSON, parsed so that none of them costs much more memory than its bytes. Pure.

A value costs up to thirty times the bytes that it is written in, so what is large must be a list of objects, and is
parsed a few of them at a time.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from dashnet.errors import FieldError, InvalidInput, PayloadTooLarge

# As much is parsed as one value, and of a list as one item.
MOST_VALUE_BYTES = 5 << 18
_MOST_ITEM_BYTES = 1 << 20
_PIECE_BYTES = 16 * 1024
_MOST_TRIES = 8
_LIST_BEGIN = re.compile(rb"\s*\[\s*")
_NEXT_OBJECT = re.compile(rb"\s*,\s*(?=\{)")

Body = bytes | bytearray


def parse_json(body: Body) -> Any:  # any JSON value
    """The JSON value in a body.

    Raises:
        InvalidInput: this is no JSON; says where.
        PayloadTooLarge: it is larger than one value may be.
    """
    if len(body) > MOST_VALUE_BYTES:
        raise PayloadTooLarge(f"the body is larger than {MOST_VALUE_BYTES:,} bytes, and no list of objects")
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidInput(f"the body is not valid JSON: {error}", [FieldError("body", str(error))]) from None


def parse_list(body: Body) -> Iterator[list[Any]]:
    """The items of a large list of objects in their order, in pieces; none is kept here.

    Raises:
        InvalidInput: the body is no JSON, or one of the objects is larger than a value may be; says where.
        PayloadTooLarge: it is no list.
    """
    begin = _LIST_BEGIN.match(body)
    if begin is None:
        raise PayloadTooLarge(f"the body is larger than {MOST_VALUE_BYTES:,} bytes, and no list of objects")
    start = begin.end()
    while len(body) - start > _PIECE_BYTES:
        piece, start = _take_piece(body, start)
        yield piece
    yield _parse_last(body, start)


def _take_piece(body: Body, start: int) -> tuple[list[Any], int]:
    """Some whole items from `start` on, and where the next one begins."""
    size = _PIECE_BYTES
    while size <= _MOST_ITEM_BYTES:
        for end, following in _find_ends(body, start, start + size):
            # An end within an object or a text leaves something open, and so is no JSON.
            piece = _parse_or_none(body[start:end])
            if piece is not None:
                return piece, following
        size *= 2
    if len(body) - start <= _MOST_ITEM_BYTES:
        return _parse_last(body, start), len(body)
    raise _invalid(start, f"not valid JSON, or an object of more than {_MOST_ITEM_BYTES:,} bytes")


def _find_ends(body: Body, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where an object ends and another begins, from the back, a few of them."""
    for _ in range(_MOST_TRIES):
        end = body.rfind(b"}", start, end)
        if end < 0:
            return
        following = _NEXT_OBJECT.match(body, end + 1)
        if following is not None:
            yield end + 1, following.end()


def _parse_or_none(items: Body) -> list[Any] | None:
    try:
        parsed: list[Any] = from_json(b"[" + items + b"]", allow_inf_nan=False)
    except ValueError:
        return None
    return parsed


def _parse_last(body: Body, start: int) -> list[Any]:
    if start >= len(body):
        return []
    try:
        parsed: list[Any] = from_json(b"[" + body[start:], allow_inf_nan=False)
    except ValueError as error:
        raise _invalid(start, str(error)) from None
    return parsed


def _invalid(start: int, why: str) -> InvalidInput:
    return InvalidInput(f"the body is not valid JSON after byte {start:,}: {why}", [FieldError("body", why)])
