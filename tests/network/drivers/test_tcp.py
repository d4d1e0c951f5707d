import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from dashnet.reading import Reading, State
from services.network.drivers import parse_options
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.names import Names
from services.network.drivers.tcp import TcpDriver
from tests.network.drivers.lonely import needs_namespaces, read_alone
from tests.network.drivers.lonely_network import Case
from tests.network.drivers.silent import silent_port
from tests.ports import free_port


async def read(address: str, names: Names | None = None, **options: float) -> Reading:
    target = Target(1, "Server", address, "tcp", parse_options("tcp", options), None)
    (reading,) = await TcpDriver(names or Names(), ReadLimits(10, 9)).read([target], {})
    return reading


class Listed(Names):
    """Every name has these addresses, in this order."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self._addresses = addresses

    async def resolve(self, host: str) -> Sequence[str]:  # noqa: ARG002
        return self._addresses


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A port of 127.0.0.1 that takes connections."""

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        number: int = server.sockets[0].getsockname()[1]
        yield number


async def test_a_port_that_takes_connections_is_up_and_the_round_trip_is_the_time_to_connect(port: int) -> None:
    reading = await read("127.0.0.1", port=port)
    assert (reading.state, reading.error) == (State.UP, None)
    assert reading.round_trip_seconds is not None
    assert 0 < reading.round_trip_seconds < 1


async def test_all_addresses_of_a_name_are_tried(port: int) -> None:
    """`localhost` is ::1 first on many systems, where this server does not listen."""
    assert (await read("localhost", port=port)).state is State.UP


async def test_an_address_that_swallows_packets_does_not_cost_the_whole_time(port: int) -> None:
    async with silent_port("127.50.0.1", port):
        reading = await read("two.test", Listed("127.50.0.1", "127.0.0.1"), port=port, timeout_seconds=8)
    assert (reading.state, reading.error) == (State.UP, None)


async def test_silence_of_the_first_address_and_refusal_of_the_next_is_silence() -> None:
    """A refusal says nothing of an address that is still waited for."""
    async with silent_port("127.50.0.1") as port:
        reading = await read("two.test", Listed("127.50.0.1", "127.0.0.1"), port=port, timeout_seconds=0.6)
    assert (reading.state, reading.error) == (State.DOWN, f"port {port} gave no answer within 0.6 s")


async def test_where_every_address_refuses_it_says_so() -> None:
    port = free_port()
    reading = await read("two.test", Listed("127.50.0.1", "127.0.0.1"), port=port)
    assert (reading.state, reading.error) == (State.DOWN, f"port {port} refuses connections")


async def test_a_port_that_refuses_is_down_and_says_so() -> None:
    port = free_port()
    reading = await read("127.0.0.1", port=port)
    assert (reading.state, reading.error) == (State.DOWN, f"port {port} refuses connections")


async def test_a_port_that_is_silent_is_down_after_its_own_time() -> None:
    async with silent_port() as port:
        reading = await read("127.0.0.1", port=port, timeout_seconds=0.2)
    assert (reading.state, reading.error) == (State.DOWN, f"port {port} gave no answer within 0.2 s")


@needs_namespaces
async def test_a_network_that_this_machine_has_no_way_to_says_nothing_of_the_device() -> None:
    (reading,) = await read_alone(Case("tcp", "198.51.100.7", {"port": 80}, has_interface=False))
    assert reading["state"] == "unknown"
    assert reading["error"] == "port 80 cannot be reached from this machine: Network is unreachable"


@pytest.mark.parametrize("options", [{}, {"port": 0}, {"port": 65536}, {"port": 22, "timeout_seconds": 0}])
def test_options_out_of_bounds_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"^driver 'tcp' does not take this: (port|timeout_seconds): "):
        parse_options("tcp", options)
