"""One request and its answer (services/network/drivers/http/exchange.py)."""

from dashnet.reading import State
from tests.network.drivers.http.reads import make_answer, read_page, serve_page

HINT = b"HTTP/1.1 103 Early Hints\r\n\r\n"


async def test_interim_answers_without_end_are_no_answer() -> None:
    async with serve_page(HINT * 10_000) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/")
    assert (reading.state, reading.error) == (State.DOWN, "no good answer: more than 20 interim answers")


async def test_a_page_that_breaks_off_is_looked_through_as_far_as_it_came() -> None:
    async with serve_page(make_answer(b"ready")[:-2]) as page:
        url = f"http://127.0.0.1:{page.port}/"
        found, missed = [await read_page(url, expected_text=text) for text in ("rea", "ready")]
    assert (found.state, missed.error) == (State.UP, "the expected text does not stand in the page")


async def test_a_request_names_its_host_and_port_and_asks_for_a_plain_page() -> None:
    async with serve_page(make_answer(b"ready")) as page:
        await read_page(f"http://127.0.0.1:{page.port}/a%20b?c=d#e", method="POST")
    lines = page.requests[0].split("\r\n")
    assert lines[:3] == ["POST /a%20b?c=d HTTP/1.1", f"Host: 127.0.0.1:{page.port}", "Content-Length: 0"]
    assert {"Accept-Encoding: identity", "Connection: close"} <= set(lines)


async def test_an_ipv6_address_stands_in_brackets() -> None:
    async with serve_page(make_answer(b"ready"), address="::1") as page:
        reading = await read_page(f"http://[::1]:{page.port}/")
    assert (reading.state, reading.error) == (State.UP, None)
    assert f"Host: [::1]:{page.port}\r\n" in page.requests[0]
