"""The tiers of history, how far each reaches, and the grids that they lie on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tier(StrEnum):
    """Raw snapshots, and rows of five minutes, an hour and a day (UTC), each made of the tier before."""

    RAW = "raw"
    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def step(self) -> timedelta:
        """The length of its rows; of raw snapshots what a moment is rounded to."""
        return _STEPS[self]


_STEPS = {
    Tier.RAW: timedelta(seconds=1),
    Tier.FIVE_MINUTES: timedelta(minutes=5),
    Tier.HOUR: timedelta(hours=1),
    Tier.DAY: timedelta(days=1),
}
FINEST_FIRST: Sequence[Tier] = tuple(Tier)
COARSEST_FIRST: Sequence[Tier] = tuple(reversed(Tier))


def floor_to(moment: datetime, step: timedelta) -> datetime:
    """The last moment of the grid of `step`, counted from 1970 in UTC, that is not after `moment`."""
    return moment - (moment - EPOCH) % step


def ceil_to(moment: datetime, step: timedelta) -> datetime:
    """The first moment of the grid of `step` that is not before `moment`."""
    return moment + (EPOCH - moment) % step


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the tiers reach: a tier holds all from its `since` on; what was not rolled up yet is in the raw one only.

    Of simulated devices less is left raw, where the hourly clean resets them.
    """

    rolled_until: datetime
    raw_since: datetime
    simulated_raw_since: datetime
    five_minutes_since: datetime
    hours_since: datetime
    days_since: datetime

    def reach(self, tier: Tier, *, simulated: bool) -> tuple[datetime, datetime]:
        """From when to when the tier holds everything; `simulated`: a simulated device is among those asked for."""
        if tier is Tier.RAW:
            since = max(self.raw_since, self.simulated_raw_since) if simulated else self.raw_since
            return since, datetime.max.replace(tzinfo=UTC)
        since = {
            Tier.FIVE_MINUTES: self.five_minutes_since,
            Tier.HOUR: self.hours_since,
            Tier.DAY: self.days_since,
        }[tier]
        return since, floor_to(self.rolled_until, tier.step)


@asynccontextmanager
async def open_history(engine: AsyncEngine) -> AsyncIterator[tuple[AsyncConnection, Extent]]:
    """A connection that sees one state of the store, however long one reads, and how far the tiers reach in it.

    Raises:
        sqlalchemy.exc.DBAPIError, OSError: Postgres is out of reach.
    """
    async with engine.connect() as connection:
        # Else a roll-up or clean in between might be seen by one question and not by the next.
        await connection.execution_options(isolation_level="REPEATABLE READ")
        # Before the first question, for with that the transaction's one state is chosen: a restore, which puts other
        # tables in the place of these, is then over, or waits.
        await connection.execute(text("LOCK TABLE store.history_extent IN ACCESS SHARE MODE"))
        yield connection, await select_extent(connection)


async def select_extent(connection: AsyncConnection) -> Extent:
    """How far the tiers reach; ask in the transaction that reads them."""
    return await _select_extent(connection, "")


async def select_interface_extent(connection: AsyncConnection) -> Extent:
    """The same of interfaces, of which there are more, and so less is kept. They are rolled up with their devices."""
    return await _select_extent(connection, "interface_")


async def _select_extent(connection: AsyncConnection, prefix: str) -> Extent:
    own = ", ".join(f"{prefix}{name} AS {name}" for name in ("raw_since", "five_minutes_since", "hours_since"))
    query = text(
        f"SELECT coalesce(rolled_until, 'epoch') AS rolled_until, {own}, simulated_raw_since, days_since "
        "FROM store.history_extent"
    )
    return Extent(**(await connection.execute(query)).mappings().one())
