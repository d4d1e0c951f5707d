"""The pages of a large refresh: where each begins, who takes them, and how their ends come together.

The worker that runs the refresh takes pages itself, a few at a time. Other workers are offered them too: the ledger
lets each page run once, so it does not matter who is first.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.database import is_unreachable
from dashnet.errors import ServiceUnavailable
from dashnet.jobs import Job, enqueue
from dashnet.reading import to_wire
from workers.context import PAGES_AT_ONCE, WorkerContext
from workers.ledger import Run, keep_arguments
from workers.outages import is_alone

POLL_SECONDS = 0.1
# A page that nobody works on is offered, and tried, again after so long.
OFFER_SECONDS = 3.0
# A rest that is smaller than a quarter of a page makes no page of its own.
_LARGEST_PAGE = 1.25
# The network service answers with as many at once.
_MOST_DEVICES = 100_000


@dataclass(frozen=True, slots=True)
class Page:
    """The devices after id `after` up to and with `until`; None for all that follow."""

    after: int
    until: int | None


Take = Callable[[Page], Awaitable[None]]


def to_limit(page_devices: int) -> int:
    """How many devices the largest page has where pages are to have about `page_devices`."""
    return min(_MOST_DEVICES, int(page_devices * _LARGEST_PAGE))


def cut_evenly(device_count: int, page_devices: int) -> int:
    """Return the size of equal pages of about `page_devices`: 6,251 for 12,501 devices and pages of 10,000."""
    if device_count <= to_limit(page_devices):
        return max(device_count, 1)
    page_count = -(-device_count // page_devices)
    return -(-device_count // page_count)


async def plan_pages(run: Run, page_devices: int) -> Sequence[Page]:
    """Return the pages of a refresh. One that is taken up has the pages that its first worker planned.

    Devices may have come or gone since then: other pages would leave out some that are in none of those. Pages that
    failed in an earlier attempt begin anew.
    """
    if run.attempt > 1:
        await _forget_failed_pages(run)
    starts = [int(start) for start in run.arguments]
    if not starts:
        starts = list(await select_page_starts(run.connection, page_devices))
        await run.connection.commit()
        if len(starts) > 1:
            await keep_arguments(run, starts)
    return [Page(after, until) for after, until in zip(starts, [*starts[1:], None], strict=True)]


async def _forget_failed_pages(run: Run) -> None:
    await run.connection.execute(
        text("DELETE FROM store.job_run WHERE job = 'refresh_page' AND tick = :tick AND outcome = 'failed'"),
        {"tick": run.key.tick},
    )
    await run.connection.commit()


async def select_page_starts(connection: AsyncConnection, page_devices: int) -> Sequence[int]:
    """The ids after which each page begins; the first is 0."""
    device_count = await connection.scalar(text("SELECT count(*) FROM store.device")) or 0
    size = cut_evenly(device_count, page_devices)
    if size >= device_count:
        return [0]
    query = text(
        "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM store.device) AS placed "
        "WHERE place % :size = 0 AND place < :total ORDER BY id"
    )
    return [0, *await connection.scalars(query, {"size": size, "total": device_count})]


async def run_pages(context: WorkerContext, run: Run, pages: Sequence[Page], take: Take) -> None:
    """Have every page taken, by `take` or by another worker, and count what became of them.

    Raises:
        ServiceUnavailable: a page failed elsewhere.
        DashnetError, sqlalchemy.exc.DBAPIError, redis.RedisError: `take` failed.
    """
    waiting = {page.after: page for page in pages}
    offer = 0
    while waiting:
        offer += 1
        if not await is_alone(context.redis, context.settings, context.outages, datetime.now(UTC)):
            for page in waiting.values():
                await _offer_page(context, run, page, offer)
        await _take_pages(list(waiting.values()), take)
        await _wait_for_others(run, waiting)


async def _take_pages(pages: Collection[Page], take: Take) -> None:
    """Take pages one after the other, `PAGES_AT_ONCE` side by side; one that fails costs no other."""
    left = deque(pages)
    hands = (_take_while_any(left, take) for _ in range(PAGES_AT_ONCE))
    # None is cancelled for the fault of another: its readings are nearly stored.
    ended = await asyncio.gather(*hands, return_exceptions=True)
    for error in ended:
        if error is not None:
            raise error


async def _take_while_any(left: deque[Page], take: Take) -> None:
    first_error: Exception | None = None
    while left:
        try:
            await take(left.popleft())
        except Exception as error:
            if is_unreachable(error):
                left.clear()
            first_error = first_error or error
    if first_error is not None:
        raise first_error


async def _wait_for_others(run: Run, waiting: dict[int, Page]) -> None:
    """Count the pages that have ended; those that another worker has begun get a while."""
    waited = 0.0
    while True:
        for row in await _select_ended_pages(run):
            if waiting.pop(row.after_id, None) is None:
                continue
            if row.outcome != "done":
                raise ServiceUnavailable(f"the page after device {row.after_id} {row.outcome}: {row.error}")
            run.device_count += row.device_count
            run.snapshot_count += row.snapshot_count
        if not waiting or waited >= OFFER_SECONDS:
            return
        await asyncio.sleep(POLL_SECONDS)
        waited += POLL_SECONDS


async def _offer_page(context: WorkerContext, run: Run, page: Page, offer: int) -> None:
    tick = to_wire(run.key.tick)
    # Under another name each time: that of a job whose worker was killed stays taken for long.
    job_id = f"{Job.REFRESH_PAGE}:{tick}:{page.after}:{run.attempt}.{offer}"
    await enqueue(context.redis, context.settings, Job.REFRESH_PAGE, tick, page.after, page.until or 0, job_id=job_id)


async def _select_ended_pages(run: Run) -> Sequence[Row[Any]]:
    rows = await run.connection.execute(
        text(
            "SELECT after_id, outcome, error, device_count, snapshot_count FROM store.job_run "
            "WHERE job = 'refresh_page' AND tick = :tick AND outcome IS NOT NULL"
        ),
        {"tick": run.key.tick},
    )
    ended = rows.all()
    await run.connection.commit()
    return ended
