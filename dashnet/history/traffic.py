"""What devices sent and received, and the rate that 95 of 100 five-minute means stay below, as bandwidth is billed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.edge import NetworkKind
from dashnet.history.measures import DEVICE_MEASURES, SUMMARY_MEASURES, read_rows
from dashnet.history.rounding import round_measured
from dashnet.history.tiers import Extent, Tier, ceil_to, floor_to

BYTES_PER_MEGABIT = 125_000
MOST_BYTES = 2**63 - 1
PERCENTILE = 0.95


def known_bytes(megabits: float, known_seconds: int) -> int | None:
    """Return the bytes of a stretch; null where the speed was not known for a second of it."""
    return to_bytes(megabits) if known_seconds else None


def to_bytes(megabits: float) -> int:
    """Return Mbit/s times seconds as bytes, at most what 64 bits hold: a larger number is no JSON to many readers."""
    return min(round(megabits * BYTES_PER_MEGABIT), MOST_BYTES)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """In Mbit/s; null where the five-minute means of the range are not all kept any more, or there are none."""

    upload: float | None = None
    download: float | None = None


def billed_range(extent: Extent, begin: datetime, end: datetime) -> tuple[datetime, datetime] | None:
    """The whole five minutes of the range that were rolled up; None where some are gone, or there are none."""
    step = Tier.FIVE_MINUTES.step
    since, until = extent.reach(Tier.FIVE_MINUTES, simulated=False)
    first, last = ceil_to(begin, step), min(floor_to(end, step), until)
    return (first, last) if since <= first < last else None


_MEANS = (
    "upload_megabits / nullif(upload_known_seconds, 0) AS upload, "
    "download_megabits / nullif(download_known_seconds, 0) AS download"
)
_COUNTS = ("upload_megabits", "upload_known_seconds", "download_megabits", "download_known_seconds")
_DEVICE_ROWS, _NETWORK_ROWS = read_rows(DEVICE_MEASURES, *_COUNTS), read_rows(SUMMARY_MEASURES, *_COUNTS)
_RATES = (
    f"percentile_disc({PERCENTILE}) WITHIN GROUP (ORDER BY upload), "
    f"percentile_disc({PERCENTILE}) WITHIN GROUP (ORDER BY download)"
)
_IN_RANGE = "begin_at >= :begin AND begin_at < :end"
_OF_DEVICES = text(
    f"SELECT device_id, {_RATES} FROM (SELECT device_id, {_MEANS} FROM (SELECT device_id, {_DEVICE_ROWS} "
    f"FROM store.rollup_5m WHERE {_IN_RANGE} AND device_id = ANY(CAST(:device_ids AS int[]))) AS rows) "
    "AS means GROUP BY device_id"
)
# The sum of the devices' means is the tag's mean.
_OF_TAGS = text(
    f"WITH means AS (SELECT device_id, begin_at, {_MEANS} FROM (SELECT device_id, begin_at, {_DEVICE_ROWS} "
    f"FROM store.rollup_5m WHERE {_IN_RANGE}) AS rows), "
    "sums AS (SELECT tag, begin_at, sum(upload) AS upload, sum(download) AS download "
    "FROM means JOIN store.device ON device.id = device_id CROSS JOIN LATERAL jsonb_array_elements_text(tags) AS tag "
    "WHERE tag = ANY(CAST(:tags AS text[])) GROUP BY tag, begin_at) "
    f"SELECT tag, {_RATES} FROM sums GROUP BY tag"
)
_OF_NETWORK = text(
    f"SELECT kind, {_RATES} FROM (SELECT kind, {_MEANS} FROM (SELECT kind, {_NETWORK_ROWS} FROM store.summary_5m "
    f"WHERE {_IN_RANGE}) AS rows) AS means GROUP BY kind"
)


async def select_device_percentiles(
    connection: AsyncConnection, within: tuple[datetime, datetime], device_ids: Sequence[int]
) -> dict[int, Percentiles]:
    """Of each of these devices that was observed in the range."""
    values = {"begin": within[0], "end": within[1], "device_ids": list(device_ids)}
    return {row[0]: _round(row[1:]) for row in await connection.execute(_OF_DEVICES, values)}


async def select_tag_percentiles(
    connection: AsyncConnection, within: tuple[datetime, datetime], tags: Sequence[str]
) -> dict[str, Percentiles]:
    """Of each of these tags, its devices together."""
    values = {"begin": within[0], "end": within[1], "tags": list(tags)}
    return {row[0]: _round(row[1:]) for row in await connection.execute(_OF_TAGS, values)}


async def select_network_percentiles(
    connection: AsyncConnection, within: tuple[datetime, datetime]
) -> dict[NetworkKind, Percentiles]:
    """Of the devices of each kind together, at the edge of the network."""
    rows = await connection.execute(_OF_NETWORK, {"begin": within[0], "end": within[1]})
    return {NetworkKind(row[0]): _round(row[1:]) for row in rows}


def _round(rates: Sequence[float | None]) -> Percentiles:
    return Percentiles(*(None if rate is None else round_measured(rate) for rate in rates))
