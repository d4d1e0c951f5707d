"""What kept workers from their work, and when each of them was up: kept in Redis, so that the ledger can give reasons.

Each worker writes into its session every few seconds. An outage that it noticed stays in its memory until Redis has
it, so that an outage of Redis itself is known afterwards.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from redis.asyncio import Redis

from dashnet.channels import outages_key, worker_sessions_key
from dashnet.reading import to_wire
from dashnet.settings import Settings

logger = logging.getLogger(__name__)

MOST_OUTAGES, MOST_SESSIONS = 500, 200
# A worker that wrote into its session so recently is likely to be up.
_UP = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Outage:
    """Something that was wrong from `begin` to `end`, in words such as `Postgres was out of reach`."""

    what: str
    begin: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.what} from {_to_seconds(self.begin)} to {_to_seconds(self.end)}"


def _to_seconds(moment: datetime) -> str:
    return to_wire(moment.replace(microsecond=0))


@dataclass(frozen=True, slots=True)
class Session:
    """A worker that was up from `begin` to `end`."""

    begin: datetime
    end: datetime
    worker: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Past:
    """All that is known of outages and workers, the oldest first."""

    outages: Sequence[Outage]
    sessions: Sequence[Session]

    @property
    def begin(self) -> datetime | None:
        """When the first worker was up that is known of."""
        return min((session.begin for session in self.sessions), default=None)


@dataclass(slots=True)
class OutageLog:
    """What one worker noticed; an outage that is not over yet is kept under the name of its part."""

    session_begin: datetime
    ended: list[Outage] = field(default_factory=list)
    _open: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def add(self, outage: Outage) -> None:
        """Take down an outage that is over; of too many the oldest are forgotten."""
        self.ended.append(outage)
        del self.ended[:-MOST_OUTAGES]

    def see(self, part: str, what: str | None, at: datetime) -> None:
        """Take down what is wrong with a part of the system; None: it works."""
        known = self._open.get(part)
        if known and what != known[0]:
            self.add(Outage(known[0], known[1], at))
            del self._open[part]
            logger.info("%s no longer since=%s", known[0], to_wire(known[1]))
        if what and part not in self._open:
            self._open[part] = (what, at)
            logger.warning("%s", what)

    def is_open(self, part: str) -> bool:
        """Whether this part does not work."""
        return part in self._open

    def list_open(self, now: datetime) -> Sequence[Outage]:
        """Outages that are not over, as if they ended now."""
        return [Outage(what, begin, now) for what, begin in self._open.values()]


async def write_session(redis: Redis, settings: Settings, log: OutageLog, now: datetime) -> None:
    """Write down that this worker is up, and what it noticed.

    Raises:
        redis.RedisError: the log keeps all of it for the next time.
    """
    ended = list(log.ended)
    seen = {"end": to_wire(now), "open": [_pack(one) for one in log.list_open(now)]}
    async with redis.pipeline() as pipeline:
        pipeline.hset(
            worker_sessions_key(settings),
            _name_session(settings, log),
            orjson.dumps(seen).decode(),
        )
        if ended:
            pipeline.rpush(outages_key(settings), *(orjson.dumps(_pack(one)) for one in ended))
            pipeline.ltrim(outages_key(settings), -MOST_OUTAGES, -1)
        await pipeline.execute()
    del log.ended[: len(ended)]


def _name_session(settings: Settings, log: OutageLog) -> str:
    return f"{settings.worker_name} {to_wire(log.session_begin)}"


def _pack(outage: Outage) -> Sequence[str]:
    return [outage.what, to_wire(outage.begin), to_wire(outage.end)]


def _unpack(packed: Sequence[str]) -> Outage:
    what, begin, end = packed
    return Outage(what, datetime.fromisoformat(begin), datetime.fromisoformat(end))


async def read_past(redis: Redis, settings: Settings, log: OutageLog, now: datetime) -> Past:
    """All that any worker wrote down, and what this one has not written yet; forgets the oldest sessions.

    Raises:
        redis.RedisError: nobody knows for now.
    """
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hgetall(worker_sessions_key(settings))
        pipeline.lrange(outages_key(settings), 0, -1)
        raw_sessions, raw_outages = await pipeline.execute()
    outages = [_unpack(orjson.loads(raw)) for raw in raw_outages]
    outages += [*log.ended, *log.list_open(now)]
    sessions = [(name, orjson.loads(raw)) for name, raw in raw_sessions.items()]
    for _, seen in sessions:
        outages += [_unpack(one) for one in seen["open"]]
    sessions.sort(key=lambda one: datetime.fromisoformat(one[1]["end"]))
    if len(sessions) > MOST_SESSIONS:
        await _forget_sessions(redis, settings, [name for name, _ in sessions[:-MOST_SESSIONS]])
    spans = [_parse_session(name.decode(), seen["end"]) for name, seen in sessions]
    return Past(sorted(outages, key=lambda one: one.begin), sorted(spans, key=lambda one: one.begin))


def _parse_session(name: str, end: str) -> Session:
    worker, begin = name.rsplit(" ", 1)
    return Session(datetime.fromisoformat(begin), datetime.fromisoformat(end), worker)


async def is_alone(redis: Redis, settings: Settings, log: OutageLog, now: datetime) -> bool:
    """Whether no other worker was up a moment ago.

    Raises:
        redis.RedisError: nobody knows for now.
    """
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hgetall(worker_sessions_key(settings))
        (sessions,) = await pipeline.execute()
    sessions.pop(_name_session(settings, log).encode(), None)
    ends = [datetime.fromisoformat(orjson.loads(raw)["end"]) for raw in sessions.values()]
    return not any(now - end < _UP for end in ends)


async def _forget_sessions(redis: Redis, settings: Settings, names: Sequence[bytes]) -> None:
    async with redis.pipeline() as pipeline:
        pipeline.hdel(worker_sessions_key(settings), *(name.decode() for name in names))
        await pipeline.execute()
