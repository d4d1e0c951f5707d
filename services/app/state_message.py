"""The `state` message of /live, in parts where it is long: what a client with usual limits takes. Pure.

A state of seq S in n parts is a `state` of seq S - n + 1 and then n - 1 `inventory` messages, each with the next seq,
the last with S. A client that does not know parts takes the latter for devices that were added one after the other.
"""

from collections.abc import Iterator, Sequence

import orjson

from dashnet.publication import Position
from services.app.views import LiveDevice

PART_BYTES = 512 * 1024
# Devices that are encoded at once, which takes half the time of one by one.
_SOME = 64
# Stands in the epoch of a state in parts, between that of its publications and the seq at which the state is whole.
_MARK = "-"


def encode_state(
    position: Position, time_stamp: str | None, devices: Sequence[LiveDevice], storing_delayed_since: str | None = None
) -> bytes:
    """Encode the message of these devices; its parts on a line each, where there are several."""
    delayed = {"storing_delayed_since": storing_delayed_since} if storing_delayed_since else {}
    rest = {"time_stamp": time_stamp, **delayed}
    if len(devices) <= _SOME:
        head = {"type": "state", "epoch": position.epoch, "seq": position.seq}
        whole = orjson.dumps({**head, **rest, "devices": devices})
        if len(whole) <= PART_BYTES:
            return whole
    return _encode_parts(position, orjson.dumps(rest)[1:-1], devices)


def _encode_parts(position: Position, rest: bytes, devices: Sequence[LiveDevice]) -> bytes:
    places = range(0, len(devices), _SOME)
    pieces = [piece for place in places for piece in _encode_some(devices[place : place + _SOME])]
    first, *others = _group(pieces, position.seq)
    epoch, seq = position.epoch, position.seq - len(others)
    if others:
        epoch = f"{epoch}{_MARK}{position.seq}"
        rest = b'"complete_at":%d,%b' % (position.seq, rest)
    head = b'{"type":"state","epoch":%b,"seq":%d,%b,"devices":[' % (orjson.dumps(epoch), seq, rest)
    # All is put together once, as to copy some megabytes takes as long as to encode a third of them.
    texts = [head, *_with_commas(first), b"]}"]
    for group in others:
        seq += 1
        texts += [b'\n{"type":"inventory","seq":%d,"changed":[' % seq, *_with_commas(group), b'],"removed":[]}']
    return b"".join(texts)


def _with_commas(pieces: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the pieces, with a comma between each two."""
    for place, piece in enumerate(pieces):
        if place:
            yield b","
        yield piece


def _encode_some(devices: Sequence[LiveDevice]) -> Sequence[bytes]:
    """Encode into pieces that are small beside a part, unless a single device is not."""
    encoded = orjson.dumps(devices)[1:-1]
    if len(devices) <= 1 or len(encoded) <= PART_BYTES // 8:
        return [encoded]
    half = len(devices) // 2
    return [*_encode_some(devices[:half]), *_encode_some(devices[half:])]


def _group(pieces: Sequence[bytes], seq: int) -> Sequence[Sequence[bytes]]:
    """Group the pieces to parts, not more of them than there are numbers from 0 to `seq`."""
    sizes = [len(piece) + 1 for piece in pieces]
    total = sum(sizes)
    limit = max(PART_BYTES, total // (seq + 1) + max(sizes, default=0) + 1)
    if total <= limit:
        return [pieces]
    groups: list[Sequence[bytes]] = []
    begin = size = 0
    for place, one in enumerate(sizes):
        if size + one > limit and place > begin:
            groups.append(pieces[begin:place])
            begin, size = place, 0
        size += one
    return [*groups, pieces[begin:]]


def find_position(told: Position) -> Position | None:
    """Find the position that a client says it is at; None where it left in the middle of a state."""
    epoch, mark, seq = told.epoch.partition(_MARK)
    if not mark:
        return told
    is_number = seq.isascii() and seq.isdigit() and len(seq) < 20
    return Position(epoch, told.seq) if is_number and told.seq >= int(seq) else None
