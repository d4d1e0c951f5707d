import asyncio

from services.app.socket_buffer import count_unacknowledged
from tests.app.deaf_socket import connect_deaf
from tests.servers import eventually


async def test_what_the_client_has_not_taken_is_counted_until_it_has() -> None:
    writers: list[asyncio.StreamWriter] = []

    async def write_much(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 100_000)
        writers.append(writer)

    async with await asyncio.start_server(write_much, "127.0.0.1", 0) as server:
        with await connect_deaf(server.sockets[0].getsockname()[1], 4096) as deaf:
            await eventually(lambda: asyncio.sleep(0, writers))
            assert 50_000 < count_unacknowledged(writers[0].transport) <= 100_000
            taken = 0
            while taken < 100_000:
                taken += len(await asyncio.get_running_loop().sock_recv(deaf, 2**16))
            await eventually(lambda: asyncio.sleep(0, count_unacknowledged(writers[0].transport) == 0))
            writers[0].close()


async def test_of_a_transport_that_is_closed_or_has_no_socket_nothing_is_told() -> None:
    assert count_unacknowledged(asyncio.BaseTransport()) == 0
    assert count_unacknowledged(asyncio.BaseTransport({"socket": None})) == 0
