"""The job `report`: the figures of a month, made from the tiers and kept for whoever asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.edge import NetworkKind
from dashnet.errors import InvalidInput
from dashnet.history.availability import Outage, group_by_tag, select_first_read, select_outages
from dashnet.history.buckets import Step, make_edges
from dashnet.history.counts import (
    DeviceCounts,
    SummaryCounts,
    merge_counts,
    select_device_counts,
    select_summary_counts,
    select_tag_counts,
)
from dashnet.history.plan import Plan, make_plan
from dashnet.history.report import (
    DayFigures,
    DeviceFigures,
    Figures,
    ReportFigures,
    TagFigures,
    Ticks,
    TrafficFigures,
    parse_month,
)
from dashnet.history.stretches import Parts
from dashnet.history.tiers import Extent, Tier, floor_to, open_history
from dashnet.history.traffic import (
    Percentiles,
    billed_range,
    select_device_percentiles,
    select_network_percentiles,
    select_tag_percentiles,
)
from dashnet.jobs import Job
from dashnet.reading import to_wire
from workers.context import WorkerContext
from workers.figures import to_device, to_figures, to_outages
from workers.ledger import Run, RunKey, open_run, record_progress
from workers.network_figures import make_day, make_network, make_traffic

_DEVICES_AT_ONCE = 100
# They can be made again; whoever asks for every month in every zone must not fill the disk.
MOST_KEPT = 200
_NO_RATES = Percentiles()


@dataclass(frozen=True, slots=True)
class _Month:
    """What all parts of a report are made from: one state of the store, and the month as far as it has come."""

    connection: AsyncConnection
    extent: Extent
    simulated: bool
    begin: datetime
    end: datetime
    first_read: Mapping[int, datetime]

    def plan(self, edges: Sequence[datetime]) -> Plan:
        return make_plan(edges, self.extent, simulated=self.simulated)

    def unobserved(self, counts: SummaryCounts, begin: datetime, end: datetime) -> int:
        """Seconds in which a device could have been read and was not, added up over all devices."""
        stretch = Parts([begin, end], [True])
        possible = sum(stretch.seconds_since(since) for since in self.first_read.values())
        return possible - counts.up_seconds - counts.down_seconds - counts.unknown_seconds

    @property
    def billed(self) -> tuple[datetime, datetime] | None:
        return billed_range(self.extent, self.begin, self.end)


@dataclass(frozen=True, slots=True)
class _Network:
    """All devices together: the month's states, the traffic of each kind, and the days."""

    figures: Figures
    traffic: list[TrafficFigures]
    days: list[DayFigures]


async def report(context: WorkerContext, tick: datetime, requested_by: str, month: str, zone: str) -> None:
    """Make the figures of a month such as 2026-10 in a time zone, and keep them.

    Raises:
        DashnetError, sqlalchemy.exc.DBAPIError: it failed; the ledger says why.
    """
    async with open_run(
        context.engine,
        RunKey(Job.REPORT, tick),
        requested_by=requested_by,
        worker=context.settings.worker_name,
        timeout_seconds=context.settings.clean_timeout_seconds,
        arguments=(month, zone),
    ) as run:
        if run is not None:
            made_at = datetime.now(UTC)
            figures = await _make_figures(context, run, month, ZoneInfo(zone))
            await _keep(run.connection, figures, made_at)


async def _keep(connection: AsyncConnection, figures: ReportFigures, made_at: datetime) -> None:
    await connection.execute(
        text(
            "INSERT INTO store.report (month, zone, made_at, figures) "
            "VALUES (:month, :zone, :made_at, CAST(:figures AS jsonb)) ON CONFLICT (month, zone) "
            "DO UPDATE SET made_at = excluded.made_at, figures = excluded.figures"
        ),
        {
            "month": figures["month"],
            "zone": figures["zone"],
            "made_at": made_at,
            "figures": orjson.dumps(figures).decode(),
        },
    )
    await connection.execute(
        text(
            "DELETE FROM store.report WHERE made_at < "
            "(SELECT made_at FROM store.report ORDER BY made_at DESC OFFSET :most LIMIT 1)"
        ),
        {"most": MOST_KEPT - 1},
    )
    await connection.commit()


async def _make_figures(context: WorkerContext, run: Run, month: str, zone: ZoneInfo) -> ReportFigures:
    now = floor_to(datetime.now(UTC), Tier.RAW.step)
    begin, month_end = parse_month(month, zone)
    if begin >= now:
        raise InvalidInput(f"{month} has not begun yet")
    end = min(month_end, now)
    async with open_history(context.engine) as (connection, extent):
        devices = await _select_devices(connection)
        simulated = any(row["driver"] == "simulated" for row in devices.values())
        first_read = dict.fromkeys(devices, begin) | await select_first_read(connection, list(devices))
        part = _Month(connection, extent, simulated, begin, end, first_read)
        outages = await select_outages(connection, begin, end)
        network = await _make_days(part, zone)
        return {
            "month": month,
            "zone": zone.key,
            "begin": to_wire(begin),
            "end": to_wire(end),
            "made_at": to_wire(now),
            "exact": part.plan([begin, end]).is_exact,
            "device_count": len(devices),
            "ticks": await _count_ticks(part),
            "network": network.figures,
            "traffic_kind": network.traffic[0]["kind"] if network.traffic else None,
            "traffic": network.traffic,
            "days": network.days,
            "devices": await _make_devices(context, run, part, devices, outages),
            "tags": await _make_tags(part, devices),
            "outage_count": len(outages),
            "outages": to_outages(devices, outages, begin, end),
        }


async def _select_devices(connection: AsyncConnection) -> dict[int, dict[str, Any]]:
    query = text(
        "SELECT id, host_name, device_type, ip_address, driver, tags::text AS tags FROM store.device "
        "ORDER BY lower(host_name), id"
    )
    rows = (await connection.execute(query)).mappings()
    return {row["id"]: {**row, "tags": orjson.loads(row["tags"])} for row in rows}


async def _count_ticks(part: _Month) -> Ticks:
    query = text(
        "SELECT outcome, count(*) AS ticks FROM store.job_run "
        "WHERE job = 'refresh' AND tick >= :begin AND tick < :end GROUP BY outcome"
    )
    rows = await part.connection.execute(query, {"begin": part.begin, "end": part.end})
    ticks = {row.outcome: row.ticks for row in rows}
    done, skipped, missed, failed = (ticks.get(name, 0) for name in ("done", "skipped", "missed", "failed"))
    return Ticks(done=done, skipped=skipped, missed=missed, failed=failed)


async def _make_days(part: _Month, zone: ZoneInfo) -> _Network:
    edges = make_edges(part.begin, part.end, Step(days=1), zone, 40)
    plan = part.plan(edges)
    found = await select_summary_counts(part.connection, plan)
    rates = await select_network_percentiles(part.connection, part.billed) if part.billed else {}
    traffic = make_traffic(found, rates, len(plan.edges) - 1)
    total, days = SummaryCounts(), []
    for number, (begin, end) in enumerate(pairwise(plan.edges)):
        counts = found[NetworkKind.ALL].get(number, SummaryCounts())
        total = merge_counts(total, counts)
        figures = to_figures(counts, part.unobserved(counts, begin, end), _NO_RATES)
        # Where finer rows are gone the plan's day may begin within the one before.
        days.append(make_day(f"{edges[number].astimezone(zone):%Y-%m-%d}", figures, traffic, number))
    figures = to_figures(total, part.unobserved(total, plan.edges[0], plan.edges[-1]), _NO_RATES)
    return _Network(make_network(figures, traffic), traffic, days)


async def _make_devices(
    context: WorkerContext,
    run: Run,
    part: _Month,
    devices: Mapping[int, dict[str, Any]],
    outages: Sequence[Outage],
) -> list[DeviceFigures]:
    lengths: dict[int, list[int]] = {}
    for outage in outages:
        lengths.setdefault(outage.device_id, []).append(outage.seconds_within(part.begin, part.end))
    plan, ids = part.plan([part.begin, part.end]), list(devices)
    whole = Parts(plan.edges, [True])
    made: list[DeviceFigures] = []
    for first in range(0, len(ids), _DEVICES_AT_ONCE):
        page = ids[first : first + _DEVICES_AT_ONCE]
        found = await select_device_counts(part.connection, plan, page)
        rates = await select_device_percentiles(part.connection, part.billed, page) if part.billed else {}
        for device_id in page:
            counts = found.get(device_id, {}).get(0, DeviceCounts())
            unobserved = whole.seconds_since(part.first_read[device_id]) - counts.observed_seconds
            figures = to_figures(counts, unobserved, rates.get(device_id, _NO_RATES))
            made.append(to_device(devices[device_id], figures, lengths.get(device_id, [])))
        run.device_count = len(made)
        await record_progress(context.engine, run, len(made) / len(ids))
    return made


async def _make_tags(part: _Month, devices: Mapping[int, dict[str, Any]]) -> list[TagFigures]:
    plan = part.plan([part.begin, part.end])
    found = await select_tag_counts(part.connection, plan)
    rates = await select_tag_percentiles(part.connection, part.billed, list(found)) if part.billed else {}
    whole, members = Parts(plan.edges, [True]), group_by_tag(devices.values())
    made: list[TagFigures] = []
    for tag, buckets in sorted(found.items()):
        ids, counts = members.get(tag, []), buckets[0]
        possible = sum(whole.seconds_since(part.first_read[device_id]) for device_id in ids)
        figures = to_figures(counts, possible - counts.observed_seconds, rates.get(tag, _NO_RATES))
        made.append({**figures, "tag": tag, "devices": len(ids)})
    return made
