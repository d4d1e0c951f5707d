"""How much of a range devices were up, down and unknown, and how much of it nobody looked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.edge import NetworkKind
from dashnet.history.counts import (
    DeviceCounts,
    merge_counts,
    select_device_counts,
    select_summary_counts,
    select_tag_counts,
)
from dashnet.history.plan import Plan
from dashnet.history.stretches import Parts


@dataclass(frozen=True, slots=True)
class Availability:
    """Seconds of a device; of a tag or of the network those of its devices added up.

    `unobserved_seconds` is the time that no reading stands for, since the device was read for the first time.
    Ratios are shares of the time that was observed, and null where there was none.
    """

    up_seconds: int
    down_seconds: int
    unknown_seconds: int
    unobserved_seconds: int

    @property
    def observed_seconds(self) -> int:
        """All but the time that nobody looked."""
        return self.up_seconds + self.down_seconds + self.unknown_seconds

    def ratio(self, seconds: int) -> float | None:
        """The share of the observed time."""
        return round(seconds / self.observed_seconds, 6) if self.observed_seconds else None


async def select_device_availability(
    connection: AsyncConnection, plan: Plan, parts: Parts, device_ids: Sequence[int] | None = None
) -> dict[int, Availability]:
    """Of each device that was ever observed in the `parts` that the plan counts."""
    found = await select_device_counts(connection, plan, device_ids)
    since = await select_first_read(connection, list(found))
    return {
        device_id: _to_availability(buckets, parts.seconds_since(since.get(device_id, parts.edges[0])))
        for device_id, buckets in found.items()
    }


async def select_tag_availability(
    connection: AsyncConnection, plan: Plan, parts: Parts, members: Mapping[str, Sequence[int]]
) -> dict[str, Availability]:
    """Of each tag with these `members`, all of them together."""
    found = await select_tag_counts(connection, plan)
    since = await select_first_read(connection, sorted({one for ids in members.values() for one in ids}))
    return {
        tag: _to_availability(
            buckets, sum(parts.seconds_since(since.get(one, parts.edges[0])) for one in members.get(tag, ()))
        )
        for tag, buckets in found.items()
    }


def group_by_tag(devices: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    """The ids of the devices of each tag."""
    members: dict[str, list[int]] = {}
    for device in devices:
        for tag in device["tags"]:
            members.setdefault(tag, []).append(device["id"])
    return members


async def select_first_read(connection: AsyncConnection, device_ids: Sequence[int]) -> dict[int, datetime]:
    """When each of these devices was read for the first time, as far as that is known any more."""
    query = text(
        """
        SELECT id, CASE WHEN first.from_state = 'unknown' THEN first.at ELSE least(
            first.at,
            (SELECT min(begin_at) FROM store.rollup_1d WHERE device_id = id),
            (SELECT min(begin_at) FROM store.rollup_1h WHERE device_id = id)
        ) END AS since
        FROM unnest(CAST(:device_ids AS int[])) AS asked (id) LEFT JOIN LATERAL (
            SELECT at, from_state FROM store.state_change WHERE device_id = id ORDER BY at LIMIT 1
        ) AS first ON true
        """
    )
    rows = await connection.execute(query, {"device_ids": list(device_ids)})
    return {row.id: row.since for row in rows if row.since is not None}


def _to_availability(buckets: Mapping[int, DeviceCounts], seconds: int) -> Availability:
    total = DeviceCounts()
    for counts in buckets.values():
        total = merge_counts(total, counts)
    unobserved = max(0, seconds - total.observed_seconds)
    return Availability(total.up_seconds, total.down_seconds, total.unknown_seconds, unobserved)


@dataclass(frozen=True, slots=True)
class NetworkAvailability(Availability):
    """Of all devices of a kind together; here `unobserved_seconds` is the time in which no device was read at all."""


async def select_network_availability(
    connection: AsyncConnection, plan: Plan, seconds: int, kind: NetworkKind = NetworkKind.ALL
) -> NetworkAvailability:
    """Of all devices of a kind together, removed ones included for as long as they were there."""
    buckets = (await select_summary_counts(connection, plan))[kind].values()
    return NetworkAvailability(
        sum(counts.up_seconds for counts in buckets),
        sum(counts.down_seconds for counts in buckets),
        sum(counts.unknown_seconds for counts in buckets),
        max(0, seconds - sum(counts.covered_seconds for counts in buckets)),
    )


@dataclass(frozen=True, slots=True)
class Outage:
    """A device was found down at `begin`, and found otherwise at `end`; null while it goes on."""

    device_id: int
    begin: datetime
    end: datetime | None
    reason: str | None

    def seconds_within(self, begin: datetime, end: datetime) -> int:
        """How long it was within a range; while it goes on, up to the range's end."""
        last = min(self.end or end, end)
        return max(0, int((last - max(self.begin, begin)).total_seconds()))


async def select_outages(
    connection: AsyncConnection, begin: datetime, end: datetime, device_ids: Sequence[int] | None = None
) -> list[Outage]:
    """Every outage of a device that is still there and that has a part in the range, oldest first."""
    query = text(
        """
        WITH down AS (
            SELECT device_id, at, reason FROM store.state_change
            WHERE to_state = 'down' AND at >= :begin AND at < :end
            UNION ALL
            SELECT before.* FROM store.device CROSS JOIN LATERAL (
                SELECT device_id, at, reason FROM (
                    SELECT * FROM store.state_change WHERE device_id = device.id AND at < :begin
                    ORDER BY at DESC LIMIT 1
                ) AS last WHERE to_state = 'down'
            ) AS before
        )
        SELECT device_id, at, (
            SELECT min(later.at) FROM store.state_change AS later
            WHERE later.device_id = down.device_id AND later.at > down.at
        ) AS until, reason
        FROM down JOIN store.device ON device.id = down.device_id
        WHERE CAST(:device_ids AS int[]) IS NULL OR device_id = ANY(CAST(:device_ids AS int[]))
        ORDER BY at, device_id
        """
    )
    values = {"begin": begin, "end": end, "device_ids": None if device_ids is None else list(device_ids)}
    outages = [Outage(*row) for row in await connection.execute(query, values)]
    return [outage for outage in outages if outage.end is None or outage.end > begin]
