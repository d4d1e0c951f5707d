"""The array of 2020, out of the store: every device with a snapshot at each of the same times.

The front end of 2020 takes the first device's number of snapshots for all, adds them up position by position, and
reads each device's last. So no two devices may differ in their times, and none may be without any.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.bounds import MOST_SPEED

# From the first minute of the clean's baseline to its last.
_BASELINE = timedelta(minutes=9)
# Ids of 2020's snapshots were whole numbers; ours are made of second and device and stay below 2**53.
_ID_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_ID_DEVICES = 2**21
# Two decimals; the wire of 2020 knows no unknown speed, so one that is not believed is 0 there too.
_SPEED = f"CASE WHEN {{0}} BETWEEN 0 AND {MOST_SPEED} THEN round({{0}}::float8 * 100) / 100 ELSE 0 END AS {{0}}"
# The running clean counts too: what it publishes is seen before its run is written down as done. Before its tick there
# is one snapshot a minute, as in its baseline: a refresh by hand is not missed by the devices that were reset.
_QUERY = text(
    "WITH cleaned AS (SELECT max(tick) AS tick FROM store.job_run "
    "WHERE job = 'clean' AND (outcome = 'done' OR outcome IS NULL)), "
    "span AS (SELECT coalesce(tick, '-infinity') AS tick, "
    "CASE WHEN tick IS NULL THEN '-infinity' ELSE least(CAST(:newest AS timestamptz), "
    "date_trunc('minute', tick - interval '1 microsecond') - CAST(:baseline AS interval)) END AS begin_at "
    "FROM cleaned), "
    "shown AS (SELECT DISTINCT ON (device_id, shown_at) device_id, active_connection, "
    "CASE WHEN time_stamp < (SELECT tick FROM span) THEN date_trunc('minute', time_stamp) ELSE time_stamp END "
    f"AS shown_at, {_SPEED.format('upload_speed')}, {_SPEED.format('download_speed')} FROM store.snapshot "
    "WHERE time_stamp >= (SELECT begin_at FROM span) ORDER BY device_id, shown_at DESC, time_stamp DESC), "
    "placed AS (SELECT *, row_number() OVER (PARTITION BY device_id ORDER BY shown_at DESC) AS place FROM shown), "
    "newest AS (SELECT DISTINCT shown_at FROM shown ORDER BY shown_at DESC LIMIT :most) "
    # With the first row alone, for all others are as many bytes less.
    "SELECT CASE WHEN row_number() OVER (ORDER BY device.id) = 1 "
    "THEN (SELECT array_agg(shown_at ORDER BY shown_at) FROM newest) END AS all_times, "
    "device.id, mac_address, ip_address, device_type, host_name, operating_system, "
    "array_agg(shown_at ORDER BY shown_at) FILTER (WHERE device_id IS NOT NULL) AS times, "
    "array_agg(upload_speed ORDER BY shown_at) AS uploads, array_agg(download_speed ORDER BY shown_at) AS downloads, "
    "array_agg(active_connection ORDER BY shown_at) AS actives "
    "FROM store.device LEFT JOIN placed ON device_id = device.id AND place <= :most "
    "GROUP BY device.id HAVING count(device_id) > 0 OR EXISTS "
    "(SELECT FROM store.snapshot WHERE snapshot.device_id = device.id) ORDER BY device.id"
)
# So many devices are held at once as more than bytes: with 70 snapshots each they take some 10 MiB.
_DEVICES_AT_ONCE = 500
_Reading = tuple[float, float, bool | None]
_NOT_THERE_YET: _Reading = 0.0, 0.0, False
_NOT_READ: _Reading = 0.0, 0.0, None


@dataclass(frozen=True, slots=True)
class _Time:
    """A time of the array: as it is written, and what the ids of its snapshots begin at."""

    written: str
    first_id: int


async def stream_full_state(
    engine: AsyncEngine, most_snapshots: int, newest: str | None
) -> AsyncGenerator[bytes, None]:
    """Make the array of 2020 in JSON, piece by piece: every device that was ever read, with its snapshots.

    They are those since the last clean, whose own baseline counts as since; at most `most_snapshots` per device, the
    newest. `newest` is the newest tick on /live, in wire form: there is something to show even where nothing was read
    for long before a clean. The connection is held until the last piece was taken.

    Raises:
        sqlalchemy.exc.DBAPIError, OSError: Postgres is out of reach.
    """
    values = {
        "baseline": _BASELINE,
        "newest": datetime.fromisoformat(newest) if newest else None,
        "most": most_snapshots,
    }
    times: dict[datetime, _Time] = {}
    begin = b"["
    async with engine.connect() as connection:
        # Their number is said again: `partitions` of mappings does not know of `yield_per` and takes all at once.
        rows = (await connection.stream(_QUERY.execution_options(yield_per=_DEVICES_AT_ONCE), values)).mappings()
        async for some in rows.partitions(_DEVICES_AT_ONCE):
            times = times or {moment: _to_time(moment) for moment in some[0]["all_times"] or ()}
            if not times:
                break
            # Beside the event loop: it is a long array where there are many devices.
            yield begin + await asyncio.to_thread(_encode, some, times)
            begin = b","
    yield b"]" if times else b"[]"


def _encode(rows: Sequence[RowMapping], times: dict[datetime, _Time]) -> bytes:
    return b",".join([orjson.dumps(_to_full_device(row, times)) for row in rows])


def _to_time(moment: datetime) -> _Time:
    seconds = int((moment - _ID_EPOCH).total_seconds())
    return _Time(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}", seconds * _ID_DEVICES)


def _to_full_device(row: RowMapping, times: dict[datetime, _Time]) -> dict[str, Any]:
    device_id = row["id"]
    return {
        "id": device_id,
        "mac_address": row["mac_address"] or "",
        "ip_address": row["ip_address"] or "",
        "device_type": row["device_type"],
        "host_name": row["host_name"],
        "operating_system": row["operating_system"],
        "snap_shots": [
            {
                "id": time.first_id + device_id,
                "time_stamp": time.written,
                "upload_speed": upload,
                "download_speed": download,
                "active_connection": active,
            }
            for time, (upload, download, active) in zip(times.values(), _align(row, times), strict=True)
        ],
    }


def _align(row: RowMapping, times: dict[datetime, _Time]) -> Iterator[_Reading]:
    """A reading for each time: the device's own, or what stands in its place.

    Before its first reading a device was not there; between two it was not read; after its last that is what is known,
    as on /live.
    """
    readings: list[_Reading] = list(zip(row["uploads"], row["downloads"], row["actives"], strict=True))
    moments: list[datetime] = row["times"] or []
    if len(moments) == len(times) and all(map(times.__contains__, moments)):
        yield from readings
        return
    own = dict(zip(moments, readings, strict=False))
    first, last = (moments[0], moments[-1]) if moments else (None, None)
    for moment in times:
        if first is None or last is None:
            yield _NOT_READ
        elif moment < first:
            yield _NOT_THERE_YET
        else:
            yield own[last] if moment > last else own.get(moment, _NOT_READ)
