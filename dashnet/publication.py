"""Changes on their way from a worker to every app service: made once, as the bytes a subscriber will get.

A worker calls `publish` after its commit; the relay of each app service calls `parse_publication`, and
`read_position`, `read_missed` and `read_recent` to mend what it did not hear.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
from redis.asyncio import Redis

from dashnet.channels import (
    publication_channel,
    publication_part,
    publication_parts,
    publication_position,
    publication_stream,
)
from dashnet.settings import Settings

KEEP_MILLISECONDS = 15 * 60 * 1000
KEEP_ENTRIES = 10_000
# Whoever missed a part that is gone reads the store.
KEEP_PART_MILLISECONDS = 2 * 60 * 1000
_ENTRIES_AT_ONCE = 32
# Of a new epoch. The parts of a long state take numbers below its own; a million devices take some 1,200.
FIRST_SEQ = 10_000
_SCRIPT = (Path(__file__).parent / "publication.lua").read_text()


class Kind(StrEnum):
    """What a publication tells."""

    SNAPSHOTS = "snapshots"
    INVENTORY = "inventory"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader stands: `seq` counts publications within an `epoch` of one Redis memory, from `FIRST_SEQ` on."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Publication:
    """A change under its position; `message` is the wire message of /live, ready to be sent.

    `published_at` is in seconds since 1970 by Redis' clock. `part` is what goes beside the message, for those who ask
    for it (`interface_part`).
    """

    position: Position
    message: bytes
    published_at: float
    part: bytes = b""

    @property
    def is_reset(self) -> bool:
        """Whether all that was published before is void."""
        return self.message.startswith(b'{"type":"%s"' % Kind.RESET.encode())


async def publish(redis: Redis, settings: Settings, kind: Kind, fields: dict[str, Any], part: bytes = b"") -> Position:
    """Send one publication and keep it in the stream, atomically; returns its position.

    Raises:
        redis.RedisError: nothing was published, or the answer was lost on the way.
    """
    head = b'{"type":"%s","seq":' % kind.encode()
    body = orjson.dumps(fields)[1:]
    tail = body if body == b"}" else b"," + body
    return await _run_script(redis, settings, head, tail, part)


async def read_position(redis: Redis, settings: Settings) -> Position:
    """Position of the newest publication; begins a new epoch where Redis has lost its memory."""
    return await _run_script(redis, settings, b"", b"")


async def _run_script(redis: Redis, settings: Settings, head: bytes, tail: bytes, part: bytes = b"") -> Position:
    keys = (publication_position(settings), publication_stream(settings), publication_parts(settings))
    fresh_epoch = secrets.token_hex(8)
    limits = (KEEP_MILLISECONDS, KEEP_ENTRIES, part, KEEP_PART_MILLISECONDS, FIRST_SEQ)
    epoch, seq = await redis.register_script(_SCRIPT)(
        keys, (publication_channel(settings), fresh_epoch, head, tail, *limits)
    )
    return Position(epoch.decode(), int(seq))


def parse_publication(raw: bytes) -> Publication:
    """Read what came over the channel.

    Raises:
        ValueError: these bytes are not a publication.
    """
    epoch, seq, microseconds, rest = raw.split(b" ", 3)
    # JSON as it is written here has no line end.
    message, _, part = rest.partition(b"\n")
    return Publication(Position(epoch.decode(), int(seq)), message, int(microseconds) / 1e6, part)


async def read_missed(redis: Redis, settings: Settings, since: Position) -> Sequence[Publication] | None:
    """Every publication after `since`, in order; None where any of it is gone or the epoch is another."""
    now = await read_position(redis, settings)
    if now.epoch != since.epoch or now.seq < since.seq:
        return None
    entries = await redis.xrange(publication_stream(settings), min=f"{since.seq + 1}-0")
    missed = [_parse_entry(now.epoch, entry) for entry in entries]
    wanted = range(since.seq + 1, max(now.seq, since.seq + len(missed)) + 1)
    if [publication.position.seq for publication in missed] != list(wanted):
        return None
    parted = [place for place, (_, fields) in enumerate(entries) if b"is_parted" in fields]
    if parted:
        parts = await redis.mget([publication_part(settings, missed[place].position.seq) for place in parted])
        for place, part in zip(parted, parts, strict=True):
            if part is None:
                return None
            missed[place] = replace(missed[place], part=part)
    return missed


async def read_recent(redis: Redis, settings: Settings, until: Position, most_bytes: int) -> Sequence[Publication]:
    """The publications that led up to `until`, in order and without a hole, at most so many bytes of them.

    Those before a reset are left out, for nobody can go on across it, and so is what goes beside any.
    """
    recent: list[Publication] = []
    size, seq = 0, until.seq
    while seq > 0 and (
        entries := await redis.xrevrange(publication_stream(settings), max=f"{seq}-0", count=_ENTRIES_AT_ONCE)
    ):
        for publication in (_parse_entry(until.epoch, entry) for entry in entries):
            size += len(publication.message)
            if publication.position.seq != seq or publication.is_reset or size > most_bytes:
                return recent[::-1]
            recent.append(publication)
            seq -= 1
    return recent[::-1]


def _parse_entry(epoch: str, entry: tuple[bytes, dict[bytes, bytes]]) -> Publication:
    entry_id, fields = entry
    position = Position(epoch, int(entry_id.split(b"-")[0]))
    return Publication(position, fields[b"message"], int(fields[b"at"]) / 1e6)
