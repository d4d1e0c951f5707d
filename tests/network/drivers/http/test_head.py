"""Heads as devices really send them (services/network/drivers/http/head.py)."""

import asyncio

import pytest

from dashnet.reading import State
from services.network.drivers.http.head import MOST_HEAD_BYTES, NotHttp, find_end, parse_head
from tests.network.drivers.http.reads import make_answer, read_page, serve_page

ODD_LINES = [
    b"Server : cam",
    b"Server:\tcam\r\n folded\r\n\tagain",
    b"no colon here",
    b": no name",
    b"X Y: z",
    "X-Ort: Büro".encode("latin-1"),
    "X-Ört: Büro".encode(),
    b"X: \x00\x01\xff",
    b"Content-Length: 5\r\nContent-Length: 5",
    b"Content-Length: -1",
    b"Content-Length: abc",
    b"Transfer-Encoding: identity",
    b"Set-Cookie: a=1\r\nSet-Cookie: b=2",
    b"X: " + b"x" * 120_000,
]


@pytest.mark.parametrize("line", ODD_LINES, ids=lambda line: repr(line[:20]))
@pytest.mark.parametrize("newline", [b"\r\n", b"\n"], ids=["crlf", "lf"])
async def test_a_head_that_browsers_take_is_up(line: bytes, newline: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + line + b"\r\nContent-Type: text/html\r\n\r\n"
    async with serve_page(head.replace(b"\r\n", newline) + b"ready") as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/", expected_text="ready")
    assert (reading.state, reading.error) == (State.UP, None)


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"HTTP/1.0 200 OK", 200, "OK"),
        (b"HTTP/1.1 200", 200, "OK"),
        (b"HTTP/1.1 404 ", 404, "Not Found"),
        (b"HTTP/1.1   200   Fine  ", 200, "Fine"),
        (b"http/1.1 200 ok", 200, "ok"),
        (b"HTTP/2 204", 204, "No Content"),
        (b"ICY 200 OK", 200, "OK"),
        (b"HTTP/1.1 299", 299, ""),
        (b"HTTP/1.1 999 Request denied", 999, "Request denied"),
        ("HTTP/1.1 500 Störung".encode("latin-1"), 500, "Störung"),
        (b"HTTP/1.1 500 a\x1b[31mb", 500, "a?[31mb"),
    ],
)
def test_status_lines(line: bytes, status: int, reason: str) -> None:
    head = parse_head(b"\r\n" + line + b"\r\n\r\n")
    assert (head.status, head.reason) == (status, reason)


def test_a_header_is_found_by_any_spelling_and_a_folded_one_is_whole() -> None:
    head = parse_head(b"HTTP/1.1 200 OK\r\nlocation :  /a\r\n b\r\nLOCATION: /c\r\nOrt: B\xfcro\r\n\r\n")
    assert head.headers == {"location": ["/a b", "/c"], "ort": ["Büro"]}
    assert (head.first("location"), head.first("server")) == ("/a b", None)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "it begins with SSH-2.0-OpenSSH_9.2"),
        (b"220 mail ESMTP\r\n", "it begins with 220 mail ESMTP"),
        (b"<html>old</html>", "it begins with <html>old</html>"),
        (b"HTTP/1.1 20\r\n\r\n", "it begins with HTTP/1.1 20"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "it begins with HTTP/1.1 2000 OK"),
        (b"\x00\x01\xfe\xff\r\n", "it begins with ??þÿ"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * (MOST_HEAD_BYTES + 9), "its headers are longer than 256 KiB"),
    ],
    ids=["ssh", "smtp", "0.9", "short", "long", "binary", "endless"],
)
async def test_what_is_no_http_is_down_in_plain_words(sent: bytes, said: str) -> None:
    async with serve_page(sent) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/")
    assert (reading.state, reading.error) == (State.DOWN, f"no good answer: {said}")


async def test_what_is_no_http_is_known_before_it_ends() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        while await reader.read(1000):
            pass
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        reading = await read_page(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout_seconds=30)
    assert reading.error == "no good answer: it begins with SSH-2.0-OpenSSH_9.2"


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" + make_answer(b"ready"),
        b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + make_answer(b"ready"),
        b"\r\n\r\n" + make_answer(b"ready"),
        b"HTTP/1.1 200 OK\r\nServer: breaks off",
    ],
    ids=["100", "103", "blank lines", "no end"],
)
async def test_what_comes_before_the_answer_and_an_end_too_early_are_forgiven(sent: bytes) -> None:
    async with serve_page(sent) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/")
    assert (reading.state, reading.error) == (State.UP, None)


def test_the_end_of_a_head_is_found_across_pieces() -> None:
    head = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
    assert [find_end(head[:size], size - 1) for size in range(1, len(head) + 1)] == [0] * (len(head) - 1) + [len(head)]


@pytest.mark.parametrize("block", [b"", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_no_head_at_all(block: bytes) -> None:
    with pytest.raises(NotHttp):
        parse_head(block)
