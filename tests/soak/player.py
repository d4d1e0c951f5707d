"""Plays the deck: does to the stack what each card says, at its time or as soon as what was before is over."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from redis.exceptions import RedisError
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.soak.deck import SERVERS, SERVICES, SUPERVISOR, Card, Kind
from tests.soak.promises import BACK_SECONDS
from tests.soak.results import until
from tests.soak.seen import Fault
from tests.soak.stack import START_SECONDS, SoakStack
from tests.soak.watch import Watch
from workers.parking import list_parked
from workers.wishes import Wish, list_wishes

# A process that does not come back is told of by the promises; the deck goes on.
_WAIT_SECONDS = 2 * BACK_SECONDS
_ASK_SECONDS = 5.0
_POLL_SECONDS = 0.1


@dataclass(slots=True)
class Player:
    """Plays cards one after the other, while `watch` sees what becomes of them."""

    stack: SoakStack
    watch: Watch
    say: Callable[[str], None]
    _outage: Fault | None = field(default=None)

    async def play(self, deck: Sequence[Card]) -> None:
        """Play all cards; what is held down at the end, however it comes, is let go."""
        started, due = time.monotonic(), 0.0
        try:
            for number, card in enumerate(deck, 1):
                self.say(f"{time.monotonic() - started:5.0f} s  {number}/{len(deck)}  {card.kind} {card.target}")
                await self._play_one(card)
                due += card.pause_seconds
                await asyncio.sleep(max(0.0, started + due - time.monotonic()))
        finally:
            self._let_postgres_go()

    async def _play_one(self, card: Card) -> None:
        acts: dict[Kind, Callable[[Card], Awaitable[None]]] = {
            Kind.KILL: self._kill,
            Kind.REFRESH: self._refresh_and_kill,
            Kind.HANG: self._hang,
            Kind.FLUSH: self._flush,
            Kind.OUTAGE_BEGINS: self._begin_outage,
            Kind.OUTAGE_ENDS: self._end_outage,
        }
        await acts[card.kind](card)

    async def _kill(self, card: Card) -> None:
        target = card.target
        await self._until_up(target)
        pid = self.stack.signal(target, signal.SIGKILL)
        if pid is None:
            self.say(f"  {target} does not run")
            return
        self.watch.note(Kind.KILL, target, pid)
        if target == SUPERVISOR:
            # As somebody would by hand.
            await asyncio.to_thread(self.stack.supervisor.wait, START_SECONDS)
            self.stack.start()

    async def _refresh_and_kill(self, card: Card) -> None:
        await self._until_up(card.target)
        await self._until_up("app")
        try:
            await self._ask_for_refresh()
        except (OSError, TimeoutError, WebSocketException) as error:
            self.say(f"  nobody took the wish for a refresh: {error!r}")
        await asyncio.sleep(card.delay_seconds)
        self.watch.wished |= {one.tick for one in await self._list_wishes()}
        await self._kill(card)

    async def _list_wishes(self) -> Sequence[Wish]:
        try:
            async with self.stack.redis() as redis:
                return await list_wishes(redis, self.stack.settings)
        except RedisError:
            return ()

    async def _ask_for_refresh(self) -> None:
        address = self.stack.settings.app_address.replace("http", "ws", 1)
        async with asyncio.timeout(_ASK_SECONDS), connect(f"{address}/live", proxy=None) as socket:
            await socket.send('{"socket_type":"refresh"}')

    async def _hang(self, card: Card) -> None:
        # Alone: while Redis is away nobody can say whether a worker hangs.
        for name in (*SERVICES, *SERVERS):
            await self._until_up(name)
        pid = self.stack.signal(card.target, signal.SIGSTOP)
        if pid is None:
            self.say(f"  {card.target} does not run")
            return
        fault = self.watch.note(Kind.HANG, card.target, pid)
        await self._until_up(card.target)
        if fault.noticed_seconds is None and self.stack.pid(card.target) == pid:
            self.stack.signal(card.target, signal.SIGKILL)

    async def _flush(self, card: Card) -> None:
        await self._until_up(card.target)
        # Readings and wishes that wait are in Redis alone, as docs/decisions/0027 says.
        await until(self._is_all_stored, _WAIT_SECONDS)
        async with self.stack.redis() as redis:
            await redis.flushall()
        self.watch.note(Kind.FLUSH, card.target).ended = datetime.now(UTC)

    async def _is_all_stored(self) -> bool:
        if self._outage is not None or not await self.stack.answers("postgres"):
            return False
        try:
            async with self.stack.redis() as redis:
                settings = self.stack.settings
                return not await list_parked(redis, settings) and not await list_wishes(redis, settings)
        except RedisError:
            return False

    async def _begin_outage(self, card: Card) -> None:
        await self._until_up(card.target)
        # Without its folder Postgres does not start, however often the supervisor tries.
        self._postgres_folder.rename(self._away_folder)
        self._outage = self.watch.note(Kind.OUTAGE_BEGINS, card.target)
        self.stack.signal(card.target, signal.SIGKILL)

    async def _end_outage(self, _: Card) -> None:
        self._let_postgres_go()

    def _let_postgres_go(self) -> None:
        if self._outage is not None:
            self._away_folder.rename(self._postgres_folder)
            # The supervisor tries again within ten seconds.
            fault, self._outage = self._outage, None
            fault.ended = datetime.now(UTC)

    @property
    def _postgres_folder(self) -> Path:
        return self.stack.folders.postgres

    @property
    def _away_folder(self) -> Path:
        return self._postgres_folder.with_suffix(".away")

    async def _until_up(self, target: str) -> None:
        """Wait until the process is back from what was done to it before, and answers; not without end."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            if self.watch.is_over(target) and await self.stack.answers(target):
                return
            await asyncio.sleep(_POLL_SECONDS)
