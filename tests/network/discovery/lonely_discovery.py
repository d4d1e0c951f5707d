"""A discovery in a process without the right to ping, in a network of its own; run by test_explore."""

import asyncio
import json
import socket
import subprocess
import sys

from tests.network.discovery.runs import explore


async def main() -> None:
    """Print what is found in the network on the command line; a port of 127.0.0.1 takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        run = await explore(sys.argv[1], tcp_ports=[port])
    found = [(one.address, one.found_by, one.tcp_port == port) for one in run.found.values()]
    print(json.dumps({"found": sorted(found), "notes": run.notes}))  # noqa: T201


subprocess.run(["ip", "link", "set", "lo", "up"], check=True, timeout=10)
asyncio.run(main())
