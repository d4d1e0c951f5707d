"""What very many subscribers cost when they are idle, stalled, compressed, choosy, or all come back at once."""

import asyncio
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import orjson

from bench.broadcast import Sample, measure_once
from bench.feed.peers import Peer, run_docs_loop, run_ours
from bench.feed.programs import compile_program, run_crowd
from bench.stack import Stack, add_devices, run_stack, wait_for_devices
from bench.table import Figure
from dashnet.publication import Kind, publish
from dashnet.redis import create_redis
from dashnet.settings import Settings
from services.network.simulation import Fleet, observe
from workers.long_publications import split_publication
from workers.network_client import Readings
from workers.snapshots import to_publication

ROUNDS = 5
NO_DEMO = {"DEMO_DEVICES": "0", "HOST_DEVICE": "false"}


def make_refresh(devices: int, minute: int) -> Sequence[dict[str, Any]]:
    """The publications of a refresh, read from the simulated network: several where it is long."""
    ids = list(range(1, devices + 1))
    fleet = Fleet.of(ids, [7] * devices, [None] * devices, [True] * devices, [(20.0, 100.0)] * devices)
    seen = observe(fleet, 1_790_000_000 + 60 * minute)
    up, round_trips = seen.up.tolist(), seen.round_trip_seconds.tolist()
    readings = Readings(
        ids,
        up,
        seen.upload_speed.tolist(),
        seen.download_speed.tolist(),
        [round(seconds, 5) if is_up else None for is_up, seconds in zip(up, round_trips, strict=True)],
        [None] * devices,
    )
    # Each has a tick of its own: those of one tick are the parts of one refresh, which give way to no state.
    fields = to_publication(f"2026-11-23T20:{minute:02}:00Z", readings, set(ids))
    return [piece for piece, _ in split_publication(Kind.SNAPSHOTS, fields)]


def publish_refreshes(stack: Stack, devices: int) -> Callable[[], Awaitable[None]]:
    """Publishes one refresh after the other, each of another minute."""
    settings = Settings(_env_file=stack.folder / "stack.env")
    refreshes = cycle([make_refresh(devices, minute) for minute in range(20)])

    async def publish_next() -> None:
        redis = create_redis(settings, "dashnet-bench")
        for fields in next(refreshes):
            await publish(redis, settings, Kind.SNAPSHOTS, fields)
        await redis.aclose()

    return publish_next


async def measure_deflate() -> list[Figure]:
    """A refresh of 1,000 devices to 500 subscribers with permessage-deflate, beside uvicorn's own compression."""
    subscribers, messages = 500, 3
    with tempfile.TemporaryDirectory() as folder:
        program = compile_program("load", Path(folder))
        bodies = [
            orjson.dumps({"type": "snapshots", "seq": minute, **fields})
            for minute in range(20)
            for fields in make_refresh(1000, minute)
        ]
        async with (
            run_stack(None, **NO_DEMO) as stack,
            run_ours(stack, publish_refreshes(stack, 1000)) as ours,
            run_docs_loop(lambda: bodies[time.monotonic_ns() % len(bodies)], deflate=True) as theirs,
            run_crowd(program, ours.port, ours.path, subscribers, "deflate") as our_crowd,
            run_crowd(program, theirs.port, theirs.path, subscribers, "deflate") as their_crowd,
        ):
            await our_crowd.wait_first(subscribers)
            await their_crowd.wait_open(subscribers)
            samples: dict[str, list[Sample]] = {ours.name: [], theirs.name: []}
            for _ in range(ROUNDS):
                samples[ours.name].append(await measure_once(ours, our_crowd, subscribers, messages))
                samples[theirs.name].append(await measure_once(theirs, their_crowd, subscribers, messages))
            await our_crowd.reset()
            await ours.publish()
            await our_crowd.wait(subscribers)
            report = await our_crowd.report()
    cpu = {name: statistics.median(one.cpu_microseconds for one in taken) for name, taken in samples.items()}
    what = "a refresh of 1,000 devices, compressed"
    return [
        *(Figure(f"{name}: CPU per delivered message, {what}", value, "µs") for name, value in cpu.items()),
        Figure("Dashnet against that loop: CPU, compressed", cpu[ours.name] / cpu[theirs.name], "times", at_most=0.2),
        Figure(f"{what}: bytes to each subscriber", report["bytes"] / subscribers / 1000, "kB", at_most=10.5),
    ]


async def measure_idle() -> list[Figure]:
    """Memory that is the server's own, per subscriber that is open and idle, beside uvicorn's own websocket."""
    subscribers = 4000
    with tempfile.TemporaryDirectory() as folder:
        program = compile_program("load", Path(folder))
        async with run_stack(None, **NO_DEMO) as stack, run_ours(stack) as ours, run_docs_loop() as theirs:
            sizes = [await _measure_memory(program, peer, subscribers) for peer in (ours, theirs)]
    return [
        Figure("Dashnet: memory per idle subscriber", sizes[0], "KiB", at_most=16),
        Figure("loop of the FastAPI documentation: memory per idle subscriber", sizes[1], "KiB"),
    ]


async def _measure_memory(program: Path, peer: Peer, subscribers: int) -> float:
    async with run_crowd(program, peer.port, peer.path, 100) as few:
        await few.wait_open(100)
        await asyncio.sleep(1)
        before = peer.own_bytes()
        async with run_crowd(program, peer.port, peer.path, subscribers) as many:
            await many.wait_open(subscribers)
            await asyncio.sleep(2)
            return (peer.own_bytes() - before) / subscribers / 1024


async def measure_stalled() -> list[Figure]:
    """1,000 subscribers beside 1,000 others that read nothing, before and while those are in the way."""
    subscribers = 1000
    with tempfile.TemporaryDirectory() as folder:
        program = compile_program("load", Path(folder))
        async with run_stack(None, **NO_DEMO, SUBSCRIBER_STALL_SECONDS=300) as stack, run_ours(stack) as ours:
            fill = publish_refreshes(stack, 1000)
            async with run_crowd(program, ours.port, ours.path, subscribers) as healthy:
                await healthy.wait_first(subscribers)
                alone = [(await measure_once(ours, healthy, subscribers, 40)).p99_milliseconds for _ in range(ROUNDS)]
                before = ours.own_bytes()
                options = (f"stall={subscribers}",)
                async with run_crowd(program, ours.port, ours.path, subscribers, *options) as stalled:
                    await stalled.wait_open(subscribers)
                    await healthy.reset()
                    for number in range(1, 41):
                        await fill()
                        await healthy.wait(number * subscribers)
                    dropped = await _read_metric(stack, "dashnet_dropped_publications_total")
                    beside = [
                        (await measure_once(ours, healthy, subscribers, 40)).p99_milliseconds for _ in range(ROUNDS)
                    ]
                    grown = ours.own_bytes() - before
    if dropped == 0:
        raise RuntimeError("nobody stalled")
    ratio = statistics.median(beside) / statistics.median(alone)
    return [
        Figure("1,000 healthy subscribers alone: p99", statistics.median(alone), "ms"),
        Figure("the same beside 1,000 that read nothing: p99", statistics.median(beside), "ms"),
        Figure("beside stalled ones against alone: p99", ratio, "times", at_most=1.2),
        Figure("memory for each that reads nothing, 40 refreshes published to it", grown / subscribers / 1024, "KiB"),
        Figure("publications that gave way to a state, per stalled subscriber", dropped / subscribers, ""),
    ]


async def _read_metric(stack: Stack, name: str) -> float:
    async with httpx.AsyncClient(base_url=stack.app_url, trust_env=False) as client:
        page = (await client.get("/metrics")).text
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(name))


async def measure_storm() -> list[Figure]:
    """5,000 subscribers whose server is killed; it is published on while they come back."""
    subscribers = 5000
    with tempfile.TemporaryDirectory() as folder:
        program = compile_program("load", Path(folder))
        async with run_stack(None, **NO_DEMO) as stack:
            await add_devices(stack, 1000)
            await wait_for_devices(stack, 1000)
            fill = publish_refreshes(stack, 1000)
            async with (
                run_ours(stack) as ours,
                run_crowd(program, ours.port, ours.path, subscribers, "reconnect") as crowd,
            ):
                if await crowd.wait_first(subscribers) is None:
                    raise RuntimeError(f"not all came: {await crowd.report()}")
                await fill()
                await crowd.wait(2 * subscribers)
                await crowd.reset()
                os.kill(ours.pids[0], signal.SIGKILL)
                killed_at = time.monotonic()
                for _ in range(3):
                    await fill()
                newest = (await crowd.report())["highest_seq"] + 3
                seconds = await _wait_current(crowd.report, newest, killed_at)
                report = await crowd.report()
    return [
        Figure("5,000 lose the server: killed until all are current", seconds, "s", at_most=10),
        Figure("answered by an error", report["refused"], "", at_most=0),
        Figure("holes in what they received", report["gaps"], "", at_most=0),
        Figure("went on where they left off", report["resumed"], ""),
        Figure("began anew with a state", report["states"], ""),
    ]


async def _wait_current(report: Callable[[], Awaitable[dict[str, Any]]], newest: int, since: float) -> float:
    async with asyncio.timeout(60):
        while (await report())["lowest_seq"] < newest:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    return time.monotonic() - since


async def measure_views() -> list[Figure]:
    """A refresh of 10,000 devices, in its parts, to 1,000 subscribers: of one view of ten devices, and each its own."""
    subscribers, devices, messages = 1000, 10_000, 3
    address = "/live?device_ids=" + ",".join(f"{{}}{digit}" for digit in range(10))
    with tempfile.TemporaryDirectory() as folder:
        program = compile_program("load", Path(folder))
        async with run_stack(None, **NO_DEMO) as stack:
            await add_devices(stack, devices)
            await wait_for_devices(stack, devices)
            async with run_ours(stack, publish_refreshes(stack, devices)) as peer:
                ours = replace(peer, messages_each=len(make_refresh(devices, 0)))
                one = await _measure_view(program, ours, address.replace("{}", "77"), subscribers, messages)
                many = await _measure_view(program, ours, address, subscribers, messages)
    return [
        Figure("1,000 subscribers of one view over 10,000 devices: CPU per refresh", one, "ms"),
        Figure("1,000 different views: CPU per refresh", many, "ms"),
        Figure("1,000 views against one", many / one, "times", at_most=2),
    ]


async def _measure_view(program: Path, peer: Peer, path: str, subscribers: int, messages: int) -> float:
    async with run_crowd(program, peer.port, path, subscribers) as crowd:
        if await crowd.wait_first(subscribers) is None:
            raise RuntimeError(f"not all came: {await crowd.report()}")
        rounds = [await measure_once(peer, crowd, subscribers, messages) for _ in range(ROUNDS)]
    return statistics.median(one.cpu_microseconds for one in rounds) * subscribers / 1000
