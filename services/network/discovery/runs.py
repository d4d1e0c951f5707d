"""Owns the runs of this process: begins them, writes down what they find, and ends them."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from redis.exceptions import RedisError

from dashnet.errors import Conflict, DriverError, ServiceUnavailable
from dashnet.tasks import cancel_and_wait
from services.network.discovery.explore import Explorer
from services.network.discovery.finding import Run
from services.network.discovery.models import DiscoveryCreate, Outcome
from services.network.discovery.scope import list_addresses, parse_network
from services.network.discovery.shelf import MOST_RUNNING, Shelf, encode_json

logger = logging.getLogger(__name__)

LONGEST_SECONDS = 900.0
# How often a run is written down, and looked for whether it is to end.
_WRITE_SECONDS = 0.5
# Of an end that could not be written down.
_LAST_TRIES, _LAST_PAUSE_SECONDS = 5, 1.0


class Runs:
    """The discoveries of this process, each a task."""

    def __init__(self, shelf: Shelf, explorer: Explorer) -> None:
        self._shelf = shelf
        self._explorer = explorer
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, asked: DiscoveryCreate) -> Run:
        """Begin one and tell what it is; it is on the shelf already.

        Raises:
            Conflict: as many run as may.
            ServiceUnavailable, RedisError: Redis is out of reach.
        """
        network = parse_network(asked.network)
        run = Run(secrets.token_hex(8), asked.network, len(list_addresses(network)), datetime.now(UTC))
        slot = await self._shelf.take_slot(run.id)
        if slot is None:
            raise Conflict(f"{MOST_RUNNING} discoveries run already: wait until one ends, or end one by DELETE")
        # Owned from here on, so that the slot is left whatever comes.
        task = asyncio.create_task(self._run(run, slot, asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await self._shelf.keep(run, slot, encode_json([]))
            await self._shelf.drop_oldest()
        except BaseException:
            # Nobody will know its id.
            task.cancel()
            raise
        return run

    async def close(self) -> None:
        """End all; each is written down as broken off."""
        for task in [*self._tasks]:
            await cancel_and_wait(task)

    async def _run(self, run: Run, slot: int, asked: DiscoveryCreate) -> None:
        logger.info("discovery began id=%s network=%s", run.id, run.network)
        try:
            await self._explore(run, slot, asked)
        except asyncio.CancelledError:
            run.outcome, run.error = Outcome.BROKEN_OFF, "the network service was stopped"
            raise
        finally:
            run.finished_at = datetime.now(UTC)
            logger.info("discovery ended id=%s outcome=%s found=%d", run.id, run.outcome, len(run.found))
            # In a task of its own: in one that was cancelled early Pythons 3.11 take a time-out for a cancellation, and
            # redis-py has one before each command.
            await asyncio.create_task(self._write_end(run, slot))

    async def _explore(self, run: Run, slot: int, asked: DiscoveryCreate) -> None:
        """Explore until it is done, fails, is to end, or takes too long; the outcome says which."""
        exploring = asyncio.create_task(self._explorer.explore(run, asked))
        try:
            async with self._writing(run, slot) as is_to_end, asyncio.timeout(LONGEST_SECONDS):
                await asyncio.wait([exploring, is_to_end], return_when=asyncio.FIRST_COMPLETED)
                if not exploring.done():
                    run.outcome = is_to_end.result()
                    return
            exploring.result()
            run.outcome = Outcome.DONE
        except TimeoutError:
            run.outcome, run.error = Outcome.FAILED, f"it took longer than {LONGEST_SECONDS:g} s"
        except DriverError as error:
            run.outcome, run.error = Outcome.FAILED, error.detail
        except Exception:
            logger.exception("discovery failed id=%s", run.id)
            run.outcome, run.error = Outcome.FAILED, "something failed inside; the service's log tells what"
        finally:
            await cancel_and_wait(exploring)

    @asynccontextmanager
    async def _writing(self, run: Run, slot: int) -> AsyncIterator[asyncio.Task[Outcome | None]]:
        """Write the run down again and again; the task ends when somebody wants the run to end."""
        is_over = asyncio.Event()
        writing = asyncio.create_task(self._write(run, slot, is_over))
        try:
            yield writing
        finally:
            # Not cancelled: what is on its way to Redis could arrive behind the last word that follows on another way.
            is_over.set()
            await asyncio.wait([writing])

    async def _write(self, run: Run, slot: int, is_over: asyncio.Event) -> Outcome | None:
        before = b""
        while not await _is_set_within(is_over, _WRITE_SECONDS):
            findings = encode_json(run.findings())
            try:
                outcome = await self._shelf.keep(run, slot, None if findings == before else findings)
                if outcome is not None:
                    return outcome
                before = findings
            except (RedisError, OSError, ServiceUnavailable) as error:
                logger.warning("discovery not written down id=%s error=%s", run.id, error)
        return None

    async def _write_end(self, run: Run, slot: int) -> None:
        for _ in range(_LAST_TRIES):
            with contextlib.suppress(RedisError, OSError, ServiceUnavailable):
                await self._shelf.keep(run, slot, encode_json(run.findings()))
                await self._shelf.leave_slot(run.id, slot)
                return
            await asyncio.sleep(_LAST_PAUSE_SECONDS)
        logger.warning("discovery lost, Redis is out of reach id=%s", run.id)


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
