"""Where the time of a refresh goes: the real functions one after the other, on the servers of a running stack."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import orjson
from redis.asyncio import Redis

from bench.stack import Stack, add_devices, run_stack, wait_for_devices
from bench.table import Figure
from dashnet.database import create_engine
from dashnet.publication import Kind, Position, Publication, publish
from dashnet.reading import to_wire
from dashnet.redis import create_redis
from dashnet.settings import Settings
from services.app.hub import Hub
from services.app.snapshots import select_panel
from workers.devices import select_stored_inventory
from workers.long_publications import split_publication
from workers.network_client import NetworkClient, parse_readings
from workers.partitions import ensure_partitions
from workers.snapshots import insert_snapshots, to_publication

DEVICES, ROUNDS = 10_000, 7
_STAGES = (
    "read all devices over HTTP and parse",
    "  of which parse",
    "ask for inventory changes",
    "insert snapshots and commit",
    "make the publication",
    "encode and publish",
    "take it into the hub",
)


async def measure_stages() -> list[Figure]:
    """Medians of the stages; the ledger's own lines and the websocket write are what is left of the whole."""
    async with run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as stack:
        await add_devices(stack, DEVICES)
        await wait_for_devices(stack, DEVICES)
        rounds = await _measure(stack)
    medians = [statistics.median(column) * 1000 for column in zip(*rounds, strict=True)]
    return [Figure(name, value, "ms") for name, value in zip(_STAGES, medians, strict=True)]


async def _measure(stack: Stack) -> list[list[float]]:
    settings = Settings(_env_file=stack.folder / "stack.env", redis_prefix="bench")
    engine, redis = create_engine(settings, "dashnet-bench"), create_redis(settings, "dashnet-bench")
    hub = Hub(settings.subscriber_backlog_bytes, settings.resume_bytes)
    hub.replace(await select_panel(engine, Position("bench", 0)))
    # Ticks of another day, so that no snapshot of the running stack is met.
    first = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    await ensure_partitions(engine, {first.date(), (first + timedelta(hours=1)).date()})
    async with NetworkClient(settings) as client:
        rounds = [
            await _measure_round(settings, client, redis, hub, first + timedelta(seconds=number))
            for number in range(ROUNDS)
        ]
    await redis.aclose()
    await engine.dispose()
    return rounds


async def _measure_round(
    settings: Settings, client: NetworkClient, redis: Redis, hub: Hub, tick: datetime
) -> list[float]:
    engine = create_engine(settings, "dashnet-bench")
    marks = [time.monotonic()]
    readings = await client.read_devices(0, DEVICES)
    marks.append(time.monotonic())
    async with engine.connect() as connection:
        stored = await select_stored_inventory(connection)
        await client.read_changes(stored.revision)
        marks.append(time.monotonic())
        ids = await insert_snapshots(connection, tick, readings)
        await connection.commit()
        marks.append(time.monotonic())
    fields = to_publication(to_wire(tick), readings, ids)
    marks.append(time.monotonic())
    # As workers do, cut so that each message fits a client with usual limits.
    pieces = [piece for piece, _ in split_publication(Kind.SNAPSHOTS, fields)]
    positions = [await publish(redis, settings, Kind.SNAPSHOTS, piece) for piece in pieces]
    marks.append(time.monotonic())
    publications = [
        Publication(position, orjson.dumps({"type": "snapshots", "seq": position.seq, **piece}), time.time())
        for position, piece in zip(positions, pieces, strict=True)
    ]
    before = time.monotonic()
    for publication in publications:
        await hub.apply(publication)
    hubbed = time.monotonic() - before
    read, changes, insert, make, sent = (later - earlier for earlier, later in pairwise(marks))
    await engine.dispose()
    return [read, await _time_parse(settings), changes, insert, make, sent, hubbed]


async def _time_parse(settings: Settings) -> float:
    async with httpx.AsyncClient(base_url=settings.network_address, timeout=30) as client:
        body = (await client.get("/readings/now")).content
    started = time.monotonic()
    parse_readings(body)
    return time.monotonic() - started
