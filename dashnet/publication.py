"""Changes on their way from a worker to every app service: made once, as the bytes a subscriber will get.

A worker calls `publish` after its commit; the relay of each app service calls `parse_publication`, and
`read_position` and `read_missed` to mend what it did not hear.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import orjson
from redis.asyncio import Redis

from dashnet.channels import publication_channel, publication_position, publication_stream
from dashnet.settings import Settings

KEEP_MILLISECONDS = 15 * 60 * 1000
KEEP_ENTRIES = 10_000
_SCRIPT = (Path(__file__).parent / "publication.lua").read_text()


class Kind(StrEnum):
    """What a publication tells."""

    SNAPSHOTS = "snapshots"
    INVENTORY = "inventory"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader stands: `seq` counts publications from 1 within an `epoch` of one Redis memory."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Publication:
    """A change under its position; `message` is the wire message of /live, ready to be sent."""

    position: Position
    message: bytes


async def publish(redis: Redis, settings: Settings, kind: Kind, fields: dict[str, Any]) -> Position:
    """Send one publication and keep it in the stream, atomically; returns its position.

    Raises:
        redis.RedisError: nothing was published, or the answer was lost on the way.
    """
    head = b'{"type":"%s","seq":' % kind.encode()
    body = orjson.dumps(fields)[1:]
    tail = body if body == b"}" else b"," + body
    return await _run_script(redis, settings, head, tail)


async def read_position(redis: Redis, settings: Settings) -> Position:
    """Position of the newest publication; begins a new epoch where Redis has lost its memory."""
    return await _run_script(redis, settings, b"", b"")


async def _run_script(redis: Redis, settings: Settings, head: bytes, tail: bytes) -> Position:
    keys = (publication_position(settings), publication_stream(settings))
    fresh_epoch = secrets.token_hex(8)
    epoch, seq = await redis.register_script(_SCRIPT)(
        keys, (publication_channel(settings), fresh_epoch, head, tail, KEEP_MILLISECONDS, KEEP_ENTRIES)
    )
    return Position(epoch.decode(), int(seq))


def parse_publication(raw: bytes) -> Publication:
    """Read what came over the channel.

    Raises:
        ValueError: these bytes are not a publication.
    """
    epoch, seq, message = raw.split(b" ", 2)
    return Publication(Position(epoch.decode(), int(seq)), message)


async def read_missed(redis: Redis, settings: Settings, since: Position) -> Sequence[Publication] | None:
    """Every publication after `since`, in order; None where some of them are gone or the epoch is another."""
    now = await read_position(redis, settings)
    if now.epoch != since.epoch or now.seq < since.seq:
        return None
    entries = cast(
        list[tuple[bytes, dict[bytes, bytes]]],
        await redis.xrange(publication_stream(settings), min=f"{since.seq + 1}-0"),
    )
    missed = [
        Publication(Position(now.epoch, int(entry_id.split(b"-")[0])), fields[b"message"])
        for entry_id, fields in entries
    ]
    wanted = range(since.seq + 1, max(now.seq, since.seq + len(missed)) + 1)
    return missed if [publication.position.seq for publication in missed] == list(wanted) else None
