"""A worker while Postgres is away, as a process: killed, or asked by hand, no reading that it took is lost."""

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import connect

from dashnet.settings import Settings
from tests.conftest import run_app, run_network
from tests.factories import make_device
from tests.gate import Gate
from tests.processes import WORKER, environment_of, run_process
from tests.servers import eventually
from workers.context import WorkerContext
from workers.parking import ParkedTick, list_parked
from workers.sync import sync

# At minute 0 there is no refresh, so that the next may be two minutes away.
TICK_SECONDS = 150.0


@pytest.mark.timeout(300)
async def test_ticks_of_a_worker_killed_while_postgres_is_away_are_stored_by_the_next(
    gated_settings: Settings, postgres_gate: Gate, context: WorkerContext, engine: AsyncEngine
) -> None:
    async with run_network(gated_settings) as network:
        await add_device(network, context, engine)
        postgres_gate.shut()
        with run_process(WORKER, environment_of(gated_settings)) as worker:
            (parked,) = await eventually(lambda: list_waiting(context), TICK_SECONDS)
            worker.kill()
            worker.wait(20)
        with run_process(WORKER, environment_of(gated_settings)):
            await postgres_gate.open()
            await eventually(lambda: is_done(engine, parked), 30)
    assert await count_snapshots(engine, parked) == 1
    assert await list_waiting(context) == []


async def test_a_refresh_asked_for_over_a_websocket_while_postgres_is_away_is_read_and_stored_later(
    gated_settings: Settings, postgres_gate: Gate, context: WorkerContext, engine: AsyncEngine
) -> None:
    async with run_network(gated_settings) as network, run_app(gated_settings):
        await add_device(network, context, engine)
        postgres_gate.shut()
        with run_process(WORKER, environment_of(gated_settings)):
            async with connect(f"{gated_settings.app_address.replace('http', 'ws')}/live") as websocket:
                await websocket.send('{"socket_type":"refresh"}')
                (parked,) = await eventually(lambda: list_by_hand(context), 60)
            await postgres_gate.open()
            await eventually(lambda: is_done(engine, parked), 60)
    assert await count_snapshots(engine, parked) == 1


async def list_by_hand(context: WorkerContext) -> list[ParkedTick]:
    return [one for one in await list_waiting(context) if one.requested_by == "hand"]


async def add_device(network: httpx.AsyncClient, context: WorkerContext, engine: AsyncEngine) -> None:
    """A device that the store knows, in a stack that has run for a while."""
    await network.post("/devices/", json=make_device())
    await sync(context, 1)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.job_run (job, tick, requested_by, outcome) VALUES "
            "('clean', now() - interval '2 seconds', 'test', 'done')"
        )


async def list_waiting(context: WorkerContext) -> list[ParkedTick]:
    return list(await list_parked(context.redis, context.settings))


async def is_done(engine: AsyncEngine, parked: ParkedTick) -> bool:
    query = text("SELECT outcome = 'done' FROM store.job_run WHERE job = 'refresh' AND tick = :tick")
    async with engine.connect() as connection:
        return bool(await connection.scalar(query, {"tick": parked.tick}))


async def count_snapshots(engine: AsyncEngine, parked: ParkedTick) -> int:
    query = text("SELECT count(*) FROM store.snapshot WHERE time_stamp = :tick")
    async with engine.connect() as connection:
        return int(await connection.scalar(query, {"tick": parked.tick}) or 0)
