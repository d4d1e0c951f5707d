"""Counts of buckets, read from all the tiers that a plan names: of single devices, of tags, of the network."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.edge import NetworkKind
from dashnet.history.measures import (
    DEVICE_MEASURES,
    INTERFACE_MEASURES,
    SUMMARY_MEASURES,
    Merge,
    count_spans,
    merge_rows,
)
from dashnet.history.pieces import bind_stretches, bucketed_rows, device_pieces, interface_pieces, summary_pieces
from dashnet.history.plan import Plan
from dashnet.history.tiers import Tier

# Not frozen, though nobody changes them: a long answer is thousands of these, and frozen ones take three times as long.


@dataclass(slots=True)
class DeviceCounts:
    """A stretch of time of one device, or of a tag's devices together, whose extremes then are those of any one.

    Megabits are Mbit/s times seconds, areas the value times seconds; each over the seconds in which it was known.
    Extremes are null where nothing was known.
    """

    upload_megabits: float = 0.0
    upload_known_seconds: int = 0
    upload_min: float | None = None
    upload_max: float | None = None
    download_megabits: float = 0.0
    download_known_seconds: int = 0
    download_min: float | None = None
    download_max: float | None = None
    round_trip_area: float = 0.0
    round_trip_known_seconds: int = 0
    round_trip_min: float | None = None
    round_trip_max: float | None = None
    loss_area: float = 0.0
    loss_known_seconds: int = 0
    loss_min: float | None = None
    loss_max: float | None = None
    jitter_area: float = 0.0
    jitter_known_seconds: int = 0
    jitter_min: float | None = None
    jitter_max: float | None = None
    snapshot_count: int = 0
    up_seconds: int = 0
    down_seconds: int = 0
    unknown_seconds: int = 0

    @property
    def known_seconds(self) -> int:
        """How long it was known to be up or down."""
        return self.up_seconds + self.down_seconds

    @property
    def observed_seconds(self) -> int:
        """How long somebody looked, be it in vain."""
        return self.known_seconds + self.unknown_seconds


@dataclass(slots=True)
class InterfaceCounts:
    """A stretch of time of one interface.

    Megabits are Mbit/s times seconds, packets those per second times seconds; each over the seconds in which it was
    known. Extremes are Mbit/s.
    """

    upload_megabits: float = 0.0
    upload_known_seconds: int = 0
    upload_min: float | None = None
    upload_max: float | None = None
    download_megabits: float = 0.0
    download_known_seconds: int = 0
    download_min: float | None = None
    download_max: float | None = None
    errors_in_packets: float = 0.0
    errors_in_known_seconds: int = 0
    errors_out_packets: float = 0.0
    errors_out_known_seconds: int = 0
    discards_in_packets: float = 0.0
    discards_in_known_seconds: int = 0
    discards_out_packets: float = 0.0
    discards_out_known_seconds: int = 0
    snapshot_count: int = 0
    up_seconds: int = 0
    down_seconds: int = 0
    unknown_seconds: int = 0


@dataclass(slots=True)
class SummaryCounts:
    """A stretch of time of the devices of a kind; `up_seconds` and so on are added up over devices.

    Traffic is the sum of what is known of those at the edge, over the seconds in which it was known of any. Extremes
    are those of the sum of a tick; `up_min` and `up_max` are devices.
    """

    upload_megabits: float = 0.0
    upload_known_seconds: int = 0
    upload_min: float | None = None
    upload_max: float | None = None
    download_megabits: float = 0.0
    download_known_seconds: int = 0
    download_min: float | None = None
    download_max: float | None = None
    up_seconds: int = 0
    down_seconds: int = 0
    unknown_seconds: int = 0
    covered_seconds: int = 0
    tick_count: int = 0
    up_min: int | None = None
    up_max: int | None = None


_Counts = TypeVar("_Counts", DeviceCounts, InterfaceCounts, SummaryCounts)
_MERGES: dict[type, Sequence[tuple[str, Merge]]] = {
    kind: [(field.name, {one.name: one.merge for one in measures}[field.name]) for field in fields(kind)]
    for kind, measures in (
        (DeviceCounts, DEVICE_MEASURES),
        (InterfaceCounts, INTERFACE_MEASURES),
        (SummaryCounts, SUMMARY_MEASURES),
    )
}


def merge_counts(one: _Counts, other: _Counts) -> _Counts:
    """Both stretches together."""
    kind = type(one)
    return kind(*(_merge(merge, getattr(one, name), getattr(other, name)) for name, merge in _MERGES[kind]))


def _merge(merge: Merge, one: Any, other: Any) -> Any:  # a number of whichever kind the measure has
    if merge is Merge.SUM:
        return one + other
    if one is None or other is None:
        return one if other is None else other
    return min(one, other) if merge is Merge.MIN else max(one, other)


async def select_device_counts(
    connection: AsyncConnection, plan: Plan, device_ids: Sequence[int] | None = None
) -> dict[int, dict[int, DeviceCounts]]:
    """For each device its buckets, by number from 0; those without any observation are left out.

    Without `device_ids` all devices, those that were removed among them.
    """
    where = "true" if device_ids is None else "device_id = ANY(CAST(:device_ids AS int[]))"
    values = {} if device_ids is None else {"device_ids": list(device_ids)}
    found: dict[int, dict[int, DeviceCounts]] = {}
    for tier, stretches in plan.stretches.items():
        if tier is Tier.RAW:
            head, counts = device_pieces(where), count_spans(DEVICE_MEASURES)
        else:
            head, counts = (
                bucketed_rows(f"rollup_{tier}", "begin_at, device_id", DEVICE_MEASURES, where),
                merge_rows(DEVICE_MEASURES),
            )
        query = f"WITH {head} SELECT device_id, bucket, {counts} FROM piece GROUP BY device_id, bucket"
        rows = await connection.execute(text(query), {**bind_stretches(plan.edges, stretches), **values})
        for device_id, bucket, *measures in rows:
            _put(found.setdefault(device_id, {}), bucket - 1, DeviceCounts(*measures))
    return found


async def select_interface_counts(
    connection: AsyncConnection, plan: Plan, interface_id: int
) -> dict[int, InterfaceCounts]:
    """The buckets of one interface, by number from 0; those without any observation are left out."""
    where = "interface_id = :interface_id"
    found: dict[int, InterfaceCounts] = {}
    for tier, stretches in plan.stretches.items():
        if tier is Tier.RAW:
            head, counts = interface_pieces(where), count_spans(INTERFACE_MEASURES)
        else:
            table = f"interface_rollup_{tier}"
            head = bucketed_rows(table, "begin_at, interface_id", INTERFACE_MEASURES, where)
            counts = merge_rows(INTERFACE_MEASURES)
        query = text(f"WITH {head} SELECT bucket, {counts} FROM piece GROUP BY bucket")
        values = {**bind_stretches(plan.edges, stretches), "interface_id": interface_id}
        for bucket, *measures in await connection.execute(query, values):
            _put(found, bucket - 1, InterfaceCounts(*measures))
    return found


async def select_tag_counts(
    connection: AsyncConnection, plan: Plan, tags: Sequence[str] | None = None
) -> dict[str, dict[int, DeviceCounts]]:
    """For each tag the buckets of the devices that have it now, together; only these `tags` where given."""
    values = {"tags": None if tags is None else list(tags)}
    found: dict[str, dict[int, DeviceCounts]] = {}
    for tier, stretches in plan.stretches.items():
        if tier is Tier.RAW:
            head, counts = device_pieces("true"), count_spans(DEVICE_MEASURES)
        else:
            head, counts = (
                bucketed_rows(f"rollup_{tier}", "begin_at, device_id", DEVICE_MEASURES),
                merge_rows(DEVICE_MEASURES),
            )
        query = (
            f"WITH {head}, counted AS (SELECT device_id, bucket, {counts} FROM piece GROUP BY device_id, bucket) "
            f"SELECT tag, bucket, {merge_rows(DEVICE_MEASURES)} "
            "FROM counted JOIN store.device ON device.id = device_id "
            "CROSS JOIN LATERAL jsonb_array_elements_text(tags) AS tag "
            "WHERE CAST(:tags AS text[]) IS NULL OR tag = ANY(CAST(:tags AS text[])) GROUP BY tag, bucket"
        )
        rows = await connection.execute(text(query), {**bind_stretches(plan.edges, stretches), **values})
        for tag, bucket, *measures in rows:
            _put(found.setdefault(tag, {}), bucket - 1, DeviceCounts(*measures))
    return found


async def select_summary_counts(connection: AsyncConnection, plan: Plan) -> dict[NetworkKind, dict[int, SummaryCounts]]:
    """The buckets of the devices of each kind, by number from 0; those without any tick are left out."""
    found: dict[NetworkKind, dict[int, SummaryCounts]] = {kind: {} for kind in NetworkKind}
    for tier, stretches in plan.stretches.items():
        if tier is Tier.RAW:
            head, counts = summary_pieces(), count_spans(SUMMARY_MEASURES)
        else:
            head = bucketed_rows(f"summary_{tier}", "begin_at, kind", SUMMARY_MEASURES)
            counts = merge_rows(SUMMARY_MEASURES)
        query = f"WITH {head} SELECT kind, bucket, {counts} FROM piece GROUP BY kind, bucket"
        for kind, bucket, *measures in await connection.execute(text(query), bind_stretches(plan.edges, stretches)):
            _put(found[NetworkKind(kind)], bucket - 1, SummaryCounts(*measures))
    return found


def _put(buckets: dict[int, _Counts], bucket: int, counts: _Counts) -> None:
    before = buckets.get(bucket)
    buckets[bucket] = counts if before is None else merge_counts(before, counts)
