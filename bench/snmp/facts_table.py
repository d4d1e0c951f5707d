"""`python -m bench.snmp.facts_table`: the table in docs/snmp.md, from the recordings beside the checkout."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.network.drivers.facts import Facts
from tests.network.drivers.polls import Poller
from tests.network.drivers.recordings import NAMES, play

_COLUMNS = ("model", "serial", "operating_system", "device_type")


async def _read_facts() -> Mapping[str, Sequence[Facts]]:
    by_maker: dict[str, list[Facts]] = defaultdict(list)
    for recording in NAMES:
        async with play(recording) as player:
            poller = Poller(player, timeout_seconds=5.0, retries=3)
            facts = await poller.driver.describe(poller.target())
        by_maker[facts.vendor or "unknown"].append(facts)
    return by_maker


def main() -> None:
    """Print a row for each maker: recordings, and of how many each fact is known."""
    print("| maker | devices | model | serial | system | type |\n| --- | --- | --- | --- | --- | --- |")
    for maker, facts in sorted(asyncio.run(_read_facts()).items(), key=lambda pair: pair[0].lower()):
        known = [str(sum(1 for one in facts if getattr(one, column))) for column in _COLUMNS]
        print(f"| {maker} | {len(facts)} | {' | '.join(known)} |")


if __name__ == "__main__":
    main()
