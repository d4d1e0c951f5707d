"""How fast a worker reads the past of the simulated network in bulk, from its request to parsed columns."""

import statistics
import time
from datetime import UTC, datetime, timedelta

from bench.stack import Stack, run_stack
from bench.table import Figure
from dashnet.settings import Settings
from workers.network_client import NetworkClient

ROUNDS = 9
BEGIN = datetime(2026, 8, 1, tzinfo=UTC)


async def measure_past() -> list[Figure]:
    """One client and one process of the network service: a day of 12 devices a request, an hour of 1,000."""
    few, many = await _measure(12, timedelta(days=1)), await _measure(1000, timedelta(hours=1))
    return [
        Figure("past of 12 devices, a day a request", few, "readings/min", at_least=3_000_000),
        Figure("past of 1,000 devices, an hour a request", many, "readings/min", at_least=3_000_000),
    ]


async def _measure(devices: int, length: timedelta) -> float:
    async with run_stack(DEMO_DEVICES=devices, HOST_DEVICE="false") as stack:
        rates = await read_rounds(stack, devices, length)
    return statistics.median(rates)


async def read_rounds(stack: Stack, devices: int, length: timedelta) -> list[float]:
    """Readings per minute of each round, the rounds following each other in time."""
    rates = []
    async with NetworkClient(Settings(_env_file=stack.folder / "stack.env")) as client:
        for round_ in range(ROUNDS):
            begin = BEGIN + round_ * length
            started = time.monotonic()
            past = await client.read_past(begin, begin + length, 60, after=0, limit=devices)
            rates.append(len(past.upload_speeds) / (time.monotonic() - started) * 60)
            assert len(past.upload_speeds) == devices * (length // timedelta(minutes=1))
    return rates
