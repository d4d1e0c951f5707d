"""`dashnet demo agents`: answers SNMP on 127.0.0.2 and the following addresses until it is stopped."""

import argparse
import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from dashnet.demo_agents import COMMUNITY, MOST_AGENTS, PORT
from dashnet.errors import DashnetError
from services.network.demo_agents.agent import answer
from services.network.demo_agents.network import Agent, Network

_SECOND = 1.0


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, network: Network, agent: Agent, community: bytes, started: float) -> None:
        self._network, self._agent = network, agent
        self._community, self._started = community, started

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, message: bytes, sender: tuple[str, int]) -> None:
        mib = self._network.mib(self._agent, time.monotonic() - self._started)
        response = answer(message, self._community, mib)
        if response is not None:
            self._transport.sendto(response, sender)


@asynccontextmanager
async def run_agents(count: int, port: int, community: str, seed: int) -> AsyncIterator[Network]:
    """So many agents until the block ends.

    Raises:
        DashnetError: an address or port cannot be had.
    """
    network, loop, started = Network(count, seed), asyncio.get_running_loop(), time.monotonic()
    transports = []
    carrying = asyncio.create_task(_carry(network))
    try:
        for agent in network.agents:
            protocol = _Socket(network, agent, community.encode(), started)
            try:
                transport, _ = await loop.create_datagram_endpoint(lambda one=protocol: one, (agent.address, port))  # type: ignore[misc]  # mypy cannot infer the default's type
            except OSError as error:
                raise DashnetError(_explain(agent.address, port, error)) from error
            transports.append(transport)
        yield network
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
        for transport in transports:
            transport.close()


def _explain(address: str, port: int, error: OSError) -> str:
    return (
        f"no agent on {address} port {port}: {error.strerror or error}; perhaps others run already "
        f"(try another --port), or this system lacks the address (macOS: sudo ifconfig lo0 alias {address})"
    )


async def _carry(network: Network) -> None:
    before = time.monotonic()
    while True:
        await asyncio.sleep(_SECOND)
        now = time.monotonic()
        network.carry(int(time.time()), now - before)
        before = now


async def _serve(count: int, port: int, community: str, seed: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(one, stopped.set)
    async with run_agents(count, port, community, seed) as network:
        addresses = [agent.address for agent in network.agents]
        print(f"{count} agents answer SNMP 2c on {addresses[0]} to {addresses[-1]}, port {port}; Ctrl-C stops them")  # noqa: T201
        print(f"beside a running stack: {_command(count, port, community)}", flush=True)  # noqa: T201
        await stopped.wait()


def _command(count: int, port: int, community: str) -> str:
    """The smallest network with all of them, and its options where they are not the usual ones."""
    bits = max(2, (count + 2).bit_length())
    usual = "" if (port, community) == (PORT, COMMUNITY) else f" --community {community} --port {port}"
    return f"dashnet discover 127.0.0.0/{32 - max(bits, 4)}{usual}"


def main() -> None:
    """Run as `python -m services.network.demo_agents.main`."""
    parser = argparse.ArgumentParser(prog="dashnet demo agents")
    parser.add_argument("--count", type=int, choices=range(1, MOST_AGENTS + 1), metavar="N", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--community", required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    try:
        asyncio.run(_serve(given.count, given.port, given.community, given.seed))
    except DashnetError as error:
        raise SystemExit(f"dashnet: {error.detail}") from None


if __name__ == "__main__":
    main()
