"""RFC 6455 and RFC 7692 at the byte level, through our protocol and through uvicorn's own."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator

import orjson
import pytest
from redis.asyncio import Redis

from dashnet.publication import Kind, publish
from dashnet.settings import Settings
from tests.app.raw_socket import BINARY, CLOSE, PING, PONG, TEXT, RawFrame, RawSocket, open_raw_socket
from tests.conftest import run_app
from tests.servers import OUR_PROTOCOL

SUBSCRIBE = b'{"type":"subscribe","device_ids":[]}'
DEFLATE = "permessage-deflate"
PATHS = ["/live", "/"]


@pytest.fixture(params=[OUR_PROTOCOL, "websockets-sansio"], ids=["ours", "uvicorns"], autouse=True)
async def serving(request: pytest.FixtureRequest, settings: Settings, device_ids: list[int]) -> AsyncIterator[None]:
    """An app service under either protocol."""
    async with run_app(settings, request.param):
        yield


def deflate(payload: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(payload) + encoder.flush(zlib.Z_SYNC_FLUSH)[:-4]


async def ids_in_next_state(socket: RawSocket) -> list[int]:
    frame = await socket.next_of(TEXT)
    state = orjson.loads(frame.inflate())
    assert state["type"] == "state"
    return [device["id"] for device in state["devices"]]


async def test_a_message_in_fragments_with_a_ping_in_between_is_one_message(settings: Settings) -> None:
    async with open_raw_socket(settings) as socket:
        assert len(await ids_in_next_state(socket)) == 3
        socket.send(TEXT, SUBSCRIBE[:5], fin=False)
        socket.send(PING, b"in between")
        socket.send(0, SUBSCRIBE[5:9], fin=False)
        socket.send(0, SUBSCRIBE[9:])
        assert await socket.next() == RawFrame(PONG, b"in between", False)
        assert await ids_in_next_state(socket) == []


async def test_a_frame_that_comes_byte_by_byte_is_read(settings: Settings) -> None:
    async with open_raw_socket(settings) as socket:
        await socket.next()
        for byte in b"\x89\x80\x01\x02\x03\x04":
            socket.send_bytes(bytes([byte]))
            await asyncio.sleep(0)
        assert await socket.next() == RawFrame(PONG, b"", False)


@pytest.mark.parametrize("path", PATHS)
async def test_a_close_is_answered_with_its_code_and_the_connection_ended(settings: Settings, path: str) -> None:
    async with open_raw_socket(settings, path) as socket:
        await socket.next()
        socket.send(CLOSE, struct.pack("!H", 1000) + b"goodbye")
        assert (await socket.next_of(CLOSE)).close_code == 1000
        assert await socket.is_ended()


@pytest.mark.parametrize("path", PATHS)
async def test_a_half_closed_connection_is_ended(settings: Settings, path: str) -> None:
    async with open_raw_socket(settings, path) as socket:
        await socket.next()
        socket.close_sending()
        assert await socket.is_ended()


@pytest.mark.parametrize(
    ("opcode", "payload", "options", "code"),
    [
        (TEXT, b"{}", {"is_masked": False}, 1002),
        (TEXT, b"{}", {"reserved": 0x40}, 1002),
        (TEXT, b"{}", {"reserved": 0x20}, 1002),
        (3, b"", {}, 1002),
        (11, b"", {}, 1002),
        (0, b"no beginning", {}, 1002),
        (PING, b"", {"fin": False}, 1002),
        (PING, b"x" * 126, {}, 1002),
        (CLOSE, b"\x03", {}, 1002),
        (CLOSE, struct.pack("!H", 1005), {}, 1002),
        (TEXT, b"\xff\xfe", {}, 1007),
    ],
)
async def test_what_the_standard_forbids_closes_the_connection_with_its_code(
    settings: Settings, opcode: int, payload: bytes, options: dict[str, int], code: int
) -> None:
    async with open_raw_socket(settings) as socket:
        await socket.next()
        socket.send(opcode, payload, **options)  # type: ignore[arg-type]  # booleans and one number
        assert (await socket.next_of(CLOSE)).close_code == code
        assert await socket.is_ended()


async def test_a_new_message_within_fragments_of_another_closes_the_connection(settings: Settings) -> None:
    async with open_raw_socket(settings) as socket:
        await socket.next()
        socket.send(TEXT, b"{", fin=False)
        socket.send(TEXT, b"}")
        assert (await socket.next_of(CLOSE)).close_code == 1002


async def test_messages_sent_before_the_first_state_are_followed_in_order(settings: Settings) -> None:
    async with open_raw_socket(settings) as socket:
        for _ in range(3):
            socket.send(BINARY, b"")
        socket.send(TEXT, b"{}")
        codes = [
            one["code"] for one in [orjson.loads((await socket.next()).payload) for _ in range(5)] if "code" in one
        ]
    assert codes == ["bad_message", "bad_message", "bad_message", "unknown_type"]


async def test_nothing_is_compressed_for_a_client_that_did_not_offer_it(settings: Settings) -> None:
    async with open_raw_socket(settings) as socket:
        assert "Sec-WebSocket-Extensions" not in socket.answer
        assert not (await socket.next()).is_compressed


async def test_an_offer_that_nobody_understands_means_no_compression(settings: Settings) -> None:
    async with open_raw_socket(
        settings, "/live", f"{DEFLATE}; server_max_window_bits=99, x-webkit-deflate-frame"
    ) as socket:
        assert "Sec-WebSocket-Extensions" not in socket.answer
        assert not (await socket.next()).is_compressed


async def test_compressed_messages_of_the_client_are_read(settings: Settings) -> None:
    async with open_raw_socket(settings, "/live", f"{DEFLATE}; server_no_context_takeover") as socket:
        await ids_in_next_state(socket)
        socket.send(TEXT, deflate(SUBSCRIBE), reserved=0x40)
        assert await ids_in_next_state(socket) == []
        compressed = deflate(SUBSCRIBE)
        socket.send(TEXT, compressed[:7], reserved=0x40, fin=False)
        socket.send(0, compressed[7:])
        assert await ids_in_next_state(socket) == []


async def test_a_small_message_that_inflates_to_a_huge_one_closes_the_connection(settings: Settings) -> None:
    async with open_raw_socket(settings, "/live", DEFLATE) as socket:
        await socket.next()
        socket.send(TEXT, deflate(b"x" * 30_000_000), reserved=0x40)
        assert (await socket.next_of(CLOSE)).close_code == 1009


async def test_publications_and_answers_to_pings_do_not_mix(settings: Settings, redis: Redis) -> None:
    async with open_raw_socket(settings) as socket:
        await socket.next()
        for number in range(20):
            socket.send(PING, b"%d" % number)
            await publish(redis, settings, Kind.SNAPSHOTS, {"time_stamp": "2026-11-23T20:00:00Z", "snap_shots": []})
        frames = [await socket.next() for _ in range(40)]
    assert [frame.payload for frame in frames if frame.opcode == PONG] == [b"%d" % number for number in range(20)]
    seqs = [orjson.loads(frame.payload)["seq"] for frame in frames if frame.opcode == TEXT]
    assert seqs == list(range(seqs[0], seqs[0] + 20))
