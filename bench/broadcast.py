"""CPU and time of one publication to very many subscribers, beside C and the documentation's loop, in the same run."""

import statistics
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.feed.peers import Peer, has_nchan, run_docs_loop, run_nchan, run_ours, run_write_loop
from bench.feed.programs import Crowd, compile_program, run_crowd
from bench.stack import run_stack
from bench.table import Figure

ROUNDS = 11
# Subscribers and messages per round: each message is delivered to all before the next is sent.
SIZES = ((1000, 40), (5000, 10))


@dataclass(frozen=True, slots=True)
class Sample:
    """What one round of one peer took: CPU of the server per delivery, and the slowest percent's time."""

    cpu_microseconds: float
    p99_milliseconds: float


async def measure_fanout() -> list[Figure]:
    """300 bytes to 1,000 and 5,000 subscribers; servers on one core, everything else on the other."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="dashnet-bench-") as temporary:
        folder = Path(temporary)
        program = compile_program("load", folder)
        for subscribers, messages in SIZES:
            async with AsyncExitStack() as running:
                peers = await _start_peers(running, folder)
                crowds = {}
                for peer in peers:
                    crowd = await running.enter_async_context(run_crowd(program, peer.port, peer.path, subscribers))
                    if not await crowd.wait_open(subscribers):
                        raise RuntimeError(f"{peer.name} did not take {subscribers} connections")
                    crowds[peer.name] = crowd
                samples = await measure_rounds(peers, crowds, subscribers, messages)
                figures += _to_figures(subscribers, samples)
    return figures


async def _start_peers(running: AsyncExitStack, folder: Path) -> list[Peer]:
    stack = await running.enter_async_context(run_stack(DEMO_DEVICES=0, HOST_DEVICE="false"))
    peers = [
        await running.enter_async_context(run_ours(stack)),
        await running.enter_async_context(run_docs_loop()),
        await running.enter_async_context(run_write_loop(folder)),
    ]
    if has_nchan():
        peers.append(await running.enter_async_context(run_nchan()))
    else:
        print("nchan is left out: it is not installed (on Debian: apt-get install nginx libnginx-mod-nchan)")
    return peers


async def measure_rounds(
    peers: Sequence[Peer], crowds: dict[str, Crowd], subscribers: int, messages: int
) -> dict[str, list[Sample]]:
    """Peer after peer, again and again, each round in another order."""
    samples: dict[str, list[Sample]] = {peer.name: [] for peer in peers}
    for peer in peers:
        await measure_once(peer, crowds[peer.name], subscribers, 3)  # to warm up
    for number in range(ROUNDS):
        turn = number % len(peers)
        for peer in [*peers[turn:], *peers[:turn]]:
            samples[peer.name].append(await measure_once(peer, crowds[peer.name], subscribers, messages))
    return samples


async def measure_once(peer: Peer, crowd: Crowd, subscribers: int, messages: int) -> Sample:
    """Publish some times, each delivered to all before the next.

    Raises:
        RuntimeError: a message did not reach everybody.
    """
    await crowd.reset()
    before = peer.cpu_seconds()
    for number in range(1, messages + 1):
        await peer.publish()
        if not await crowd.wait(number * subscribers * peer.messages_each):
            raise RuntimeError(f"{peer.name}: a message did not reach everybody: {await crowd.report()}")
    used = peer.cpu_seconds() - before
    report = await crowd.report()
    return Sample(used / (messages * subscribers) * 1e6, report["p99_us"] / 1000)


def _to_figures(subscribers: int, samples: dict[str, list[Sample]]) -> list[Figure]:
    cpu = {name: statistics.median(one.cpu_microseconds for one in taken) for name, taken in samples.items()}
    p99 = {name: statistics.median(one.p99_milliseconds for one in taken) for name, taken in samples.items()}
    of = f"{subscribers:,} subscribers"
    figures = [Figure(f"{name}: CPU per delivered message, {of}", value, "µs") for name, value in cpu.items()]
    bounds = {"nchan": 1.0, "loop of the FastAPI documentation": 0.6, "write() in C": 1.5}
    figures += [
        Figure(f"Dashnet against {name}: CPU, {of}", cpu["Dashnet"] / cpu[name], "times", at_most=bound)
        for name, bound in bounds.items()
        if name in cpu
    ]
    figures += [Figure(f"{name}: p99 from PUBLISH to received, {of}", value, "ms") for name, value in p99.items()]
    if "nchan" in p99:
        ratio = p99["Dashnet"] / p99["nchan"]
        figures.append(
            Figure(f"Dashnet against nchan: p99, {of}", ratio, "times", at_most=1.0 if subscribers == 1000 else None)
        )
    return figures
