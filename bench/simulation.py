"""CPU of reading the simulated network: the driver's work for 10,000 devices."""

import statistics
import time
from datetime import UTC, datetime, timedelta

from bench.table import Figure
from services.network.drivers.driver import Target
from services.network.drivers.simulated import SimulatedDriver, SimulatedOptions
from services.network.simulation import Profile

DEVICES, ROUNDS = 10_000, 15


async def measure_simulation() -> list[Figure]:
    """Half the devices of each profile, behind 400 switches and one router."""
    inventory = {number: _make_target(number) for number in range(1, DEVICES + 1)}
    targets = list(inventory.values())
    driver = SimulatedDriver(2020)
    moment = datetime(2026, 11, 23, 20, tzinfo=UTC)
    seconds = []
    for round_ in range(ROUNDS):
        started = time.process_time()
        readings = driver.read_at(targets, inventory, moment + timedelta(minutes=round_))
        seconds.append(time.process_time() - started)
    assert len(readings) == DEVICES
    return [Figure("reading 10,000 simulated devices, CPU", statistics.median(seconds) * 1000, "ms", at_most=50)]


def _make_target(number: int) -> Target:
    options = SimulatedOptions(profile=Profile.REALISTIC if number % 2 else Profile.CLASSIC)
    parent = None if number == 1 else 1 if number <= 401 else 2 + number % 400
    return Target(number, "Laptop", "10.0.0.1", "simulated", options, parent)
