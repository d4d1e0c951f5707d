"""Bodies however framed and packed, within bounds (services/network/drivers/http/body.py)."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashnet.reading import State
from services.network.drivers.http.body import MOST_BODY_BYTES, Frame, unpack
from services.network.drivers.http.head import Head, parse_head
from tests.network.drivers.http.reads import make_answer, read_page, serve_page

TEXT = b"The printer is ready. " * 50
RAW = zlib.compress(TEXT)[2:-4]


def _head(*lines: str) -> Head:
    return parse_head("\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode())


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("GZIP", gzip.compress(b"The printer is ") + gzip.compress(b"ready. ")),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", RAW),
        ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
        ("gzip", gzip.compress(TEXT)[:-8]),
        ("gzip", TEXT),
        ("identity", TEXT),
        ("none", TEXT),
        ("", TEXT),
    ],
    ids=["gzip", "x-gzip", "members", "zlib", "raw", "both", "cut", "not packed", "identity", "none", "empty"],
)
async def test_a_page_that_is_packed_unasked_is_unpacked(encoding: str, body: bytes) -> None:
    async with serve_page(make_answer(body, f"Content-Encoding: {encoding}")) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/", expected_text="printer is ready.")
    assert (reading.state, reading.error) == (State.UP, None)
    assert "Accept-Encoding: identity" in page.requests[0]


BOMB = gzip.compress(bytes(32 << 20), 1)


@pytest.mark.parametrize(
    "bomb", [BOMB, gzip.compress(BOMB), gzip.compress(b"") * 50_000], ids=["zeros", "twice", "many"]
)
def test_a_bomb_is_unpacked_no_further_than_is_looked_through(bomb: bytes) -> None:
    tracemalloc.start()
    unpacked = unpack(bomb[:MOST_BODY_BYTES], _head("Content-Encoding: gzip, gzip"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(unpacked) <= MOST_BODY_BYTES
    assert peak < 8 << 20


CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("lines", "sent", "content"),
    [
        (["Content-Length: 5"], b"ready, and more", b"ready"),
        (["Content-Length: 5", "Content-Length: 5"], b"ready, and more", b"ready"),
        (["Content-Length: 5, 5"], b"ready, and more", b"ready"),
        (["Content-Length: -5"], b"ready", b"ready"),
        (["Content-Length: 99999999999999999999999999"], b"ready", b"ready"),
        (["Content-Length: 0"], b"more", b""),
        ([], b"ready", b"ready"),
        ([CHUNKED], b"2\r\nre\r\n3;x=y\r\nady\r\n0\r\nTrailer: x\r\n\r\nmore", b"ready"),
        ([CHUNKED], b"  005 \nready\n0\n\n", b"ready"),
        ([CHUNKED, "Content-Length: 2"], b"5\r\nready\r\n0\r\n\r\n", b"ready"),
        ([CHUNKED], b"5\r\nready\r\nnonsense\r\nmore", b"ready"),
        ([CHUNKED], b"-5\r\nready", b""),
        ([CHUNKED], b"ffffffffffffffff\r\nready", b"ready"),
        ([CHUNKED], b"9" * 5000, b""),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_frames(lines: list[str], sent: bytes, content: bytes, piece: int) -> None:
    frame = Frame(_head(*lines), "GET")
    for start in range(0, len(sent), piece):
        frame.feed(sent[start : start + piece])
    assert bytes(frame.content) == content


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_what_has_no_body_is_not_waited_for(method: str) -> None:
    status = "200 OK" if method == "HEAD" else "304 Not Modified"
    head = parse_head(f"HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n".encode())
    assert Frame(head, method).has_ended


@given(
    st.sampled_from([CHUNKED, "Content-Length: 1000000", "X: y"]),
    st.sampled_from(["gzip", "deflate", "gzip, deflate", "identity"]),
    st.lists(st.binary(max_size=200), max_size=20),
)
def test_no_bytes_raise_anything(framing: str, packing: str, pieces: list[bytes]) -> None:
    head = _head(framing, f"Content-Encoding: {packing}")
    frame = Frame(head, "GET")
    for piece in pieces:
        frame.feed(piece)
    assert len(unpack(bytes(frame.content), head)) <= MOST_BODY_BYTES
