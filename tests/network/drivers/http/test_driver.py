"""The driver `http` against a real server, uvicorn, with and without TLS (services/network/drivers/http/driver.py)."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from dashnet.reading import Reading, State
from services.network.drivers import parse_options
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.http import MOST_BODY_BYTES, HttpDriver
from services.network.drivers.names import Names
from tests.network.drivers.certificates import Authority, Identity
from tests.network.drivers.http.reads import read_page
from tests.network.drivers.silent import silent_port
from tests.ports import free_port
from tests.servers import run_server


async def _hello(request: Request) -> Response:
    return PlainTextResponse("Hello, größer world", headers={"set-cookie": "seen=1"})


async def _broken(request: Request) -> Response:
    return PlainTextResponse("no", 503)


async def _moved(request: Request) -> Response:
    return RedirectResponse("/hello", 302)


async def _loop(request: Request) -> Response:
    return RedirectResponse("/loop", 302)


async def _to_elsewhere(request: Request) -> Response:
    return RedirectResponse("gopher://127.0.0.1/", 302)


async def _moved_with_a_long_word(request: Request) -> Response:
    endless = await _endless(request)
    endless.status_code, endless.headers["location"] = 302, "/hello"
    return endless


async def _to_another_server(request: Request) -> Response:
    return RedirectResponse(f"http://localhost:{request.url.port}/echo", 302)


async def _echo(request: Request) -> Response:
    return JSONResponse({**request.headers, "method": request.method})


async def _packed(request: Request) -> Response:
    return Response(b"\x1b\x03", headers={"content-encoding": "br"})


async def _endless(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0)

    return StreamingResponse(parts())


async def _long(request: Request) -> Response:
    return PlainTextResponse("x" * MOST_BODY_BYTES + "too late")


async def _never(request: Request) -> Response:
    await asyncio.sleep(3)
    return PlainTextResponse("late")


_PAGES: dict[str, Callable[[Request], Awaitable[Response]]] = {
    "/": _hello,
    "/hello": _hello,
    "/broken": _broken,
    "/moved": _moved,
    "/loop": _loop,
    "/elsewhere": _to_elsewhere,
    "/moved-with-a-long-word": _moved_with_a_long_word,
    "/another-server": _to_another_server,
    "/echo": _echo,
    "/packed": _packed,
    "/endless": _endless,
    "/long": _long,
    "/never": _never,
}
APP = Starlette(routes=[Route(path, page, methods=["GET", "POST"]) for path, page in _PAGES.items()])


async def read(address: str = "127.0.0.1", **options: Any) -> Reading:
    target = Target(1, "Server", address, "http", parse_options("http", options), None)
    (reading,) = await HttpDriver(Names(), ReadLimits(10, 9)).read([target], {})
    return reading


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[str]:
    """The address of a server without TLS."""
    port = free_port()
    async with run_server(APP, port):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def serve(identity: Identity) -> AsyncIterator[int]:
    """The port of a server that shows this certificate."""
    port = free_port()
    files = {"ssl_certfile": str(identity.certificate), "ssl_keyfile": str(identity.key)}
    async with run_server(APP, port, **files):
        yield port


async def test_a_page_that_answers_is_up_and_the_round_trip_is_the_time_to_its_headers(site: str) -> None:
    reading = await read(url=f"{site}/hello")
    assert (reading.state, reading.error) == (State.UP, None)
    assert reading.round_trip_seconds is not None
    assert 0 < reading.round_trip_seconds < 2


@pytest.mark.parametrize(
    ("path", "options", "error"),
    [
        ("/broken", {}, "answers 503 Service Unavailable, expected is 2xx"),
        ("/moved", {}, "answers 302 Found, expected is 2xx"),
        ("/hello", {"expected_statuses": ["204", "3xx"]}, "answers 200 OK, expected is 204, 3xx"),
        ("/hello", {"expected_text": "good bye"}, "the expected text does not stand in the page"),
        ("/long", {"expected_text": "too late"}, "the expected text does not stand in the page"),
        ("/endless", {"expected_text": "y"}, "the expected text does not stand in the page"),
        ("/packed", {"expected_text": "y"}, "answers in the encoding br unasked: its text cannot be looked for"),
        ("/loop", {"follow_redirects": True}, "redirects more than 5 times"),
        ("/never", {"timeout_seconds": 0.2}, "no whole answer within 0.2 s"),
    ],
)
async def test_another_answer_than_expected_is_down_and_says_which(
    site: str, path: str, options: dict[str, Any], error: str
) -> None:
    reading = await read(url=site + path, **options)
    assert (reading.state, reading.error) == (State.DOWN, error)


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/broken", {"expected_statuses": ["5xx"]}),
        ("/moved", {"follow_redirects": True, "expected_text": "größer"}),
        ("/moved", {"expected_statuses": ["302"]}),
        ("/moved-with-a-long-word", {"follow_redirects": True, "expected_text": "Hello"}),
        ("/endless", {}),
        ("/hello", {"method": "HEAD"}),
        ("/echo", {"method": "POST", "expected_text": '"method":"POST"'}),
        ("/echo", {"headers": {"X-Asked-By": "dashnet"}, "expected_text": '"x-asked-by":"dashnet"'}),
        ("/echo", {"headers": {"User-Agent": "else"}, "expected_text": '"user-agent":"else"'}),
    ],
)
async def test_what_is_expected_is_up(site: str, path: str, options: dict[str, Any]) -> None:
    reading = await read(url=site + path, **options)
    assert (reading.state, reading.error) == (State.UP, None)


async def test_a_redirect_to_what_is_no_web_is_down(site: str) -> None:
    reading = await read(url=f"{site}/elsewhere", follow_redirects=True)
    assert (reading.state, reading.error) == (State.DOWN, "redirects to a bad address: gopher://127.0.0.1/")


async def test_name_and_password_go_along_and_show_nowhere(site: str) -> None:
    basic = base64.b64encode(b"ada:open sesame").decode()
    options = {"username": "ada", "password": "open sesame", "expected_text": f"Basic {basic}"}
    assert (await read(url=f"{site}/echo", **options)).state is State.UP
    assert "open sesame" not in repr(parse_options("http", options))


async def test_a_token_goes_along(site: str) -> None:
    reading = await read(url=f"{site}/echo", bearer_token="open-sesame", expected_text="Bearer open-sesame")
    assert reading.state is State.UP


@pytest.mark.parametrize(
    ("path", "error"),
    [("/echo", None), ("/another-server", "the expected text does not stand in the page")],
    ids=["same", "another"],
)
async def test_a_token_goes_to_no_other_server(site: str, path: str, error: str | None) -> None:
    reading = await read(
        url=site + path, bearer_token="open-sesame", follow_redirects=True, expected_text="open-sesame"
    )
    assert reading.error == error


async def test_no_cookie_is_kept_from_one_reading_to_the_next(site: str) -> None:
    target = Target(1, "Server", "x", "http", parse_options("http", {"url": f"{site}/hello"}), None)
    driver = HttpDriver(Names(), ReadLimits(10, 9))
    await driver.read([target], {})
    again = Target(1, "Server", "x", "http", parse_options("http", {"url": f"{site}/echo", "expected_text": "c"}), None)
    crumbs = parse_options("http", {"url": f"{site}/echo", "expected_text": '"cookie"'})
    first, second = await driver.read([again, Target(2, "Server", "x", "http", crumbs, None)], {})
    assert (first.state, second.state) == (State.UP, State.DOWN)


async def test_without_an_address_of_a_page_it_is_the_root_of_the_device() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nroot")
        writer.close()

    try:
        server = await asyncio.start_server(answer, "127.0.80.80", 80)
    except PermissionError:
        pytest.skip("port 80 is not ours to take")
    async with server:
        reading = await read("127.0.80.80", expected_text="root")
    assert (reading.state, reading.error) == (State.UP, None)


async def test_a_server_that_refuses_is_down() -> None:
    reading = await read(url=f"http://127.0.0.1:{free_port()}/")
    assert (reading.state, reading.error) == (State.DOWN, "the server refuses connections")


async def test_a_server_that_takes_no_connection_is_down_after_its_own_time() -> None:
    async with silent_port() as port:
        reading = await read(url=f"http://127.0.0.1:{port}/", timeout_seconds=0.2)
    assert (reading.state, reading.error) == (State.DOWN, "no whole answer within 0.2 s")


async def test_a_name_that_nobody_knows_is_a_fault_of_ours() -> None:
    reading = await read_page("http://no-such-host.invalid/")
    assert reading.state is State.UNKNOWN
    assert (reading.error or "").startswith("the name no-such-host.invalid cannot be resolved: ")


async def test_what_speaks_no_http_is_down() -> None:
    async def mumble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-Mumble\r\n")
        writer.close()

    async with await asyncio.start_server(mumble, "127.0.0.1", 0) as server:
        reading = await read(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert (reading.state, reading.error) == (State.DOWN, "no good answer: it begins with SSH-2.0-Mumble")


async def test_a_certificate_that_holds_is_up_without_a_word(authority: Authority) -> None:
    async with serve(authority.sign("localhost", 90)) as port:
        reading = await read(url=f"https://localhost:{port}/")
    assert (reading.state, reading.error) == (State.UP, None)


async def test_a_certificate_of_an_authority_that_nobody_trusts_is_down(tmp_path: Path) -> None:
    async with serve(Authority(tmp_path).sign("localhost", 90)) as port:
        reading = await read(url=f"https://localhost:{port}/")
    assert reading.state is State.DOWN
    assert reading.error == "its certificate is not accepted: unable to get local issuer certificate"


async def test_an_expired_certificate_is_down(authority: Authority) -> None:
    async with serve(authority.sign("localhost", -3)) as port:
        reading = await read(url=f"https://localhost:{port}/")
    assert (reading.state, reading.error) == (State.DOWN, "its certificate is not accepted: certificate has expired")


async def test_a_certificate_of_another_name_is_down(authority: Authority) -> None:
    async with serve(authority.sign("elsewhere.example", 90)) as port:
        reading = await read(url=f"https://localhost:{port}/")
    assert reading.state is State.DOWN
    assert "certificate is not valid for 'localhost'" in (reading.error or "")


async def test_a_self_signed_certificate_is_down(authority: Authority) -> None:
    async with serve(authority.self_sign("localhost")) as port:
        reading = await read(url=f"https://localhost:{port}/")
    assert (reading.state, reading.error) == (State.DOWN, "its certificate is not accepted: self-signed certificate")


async def test_without_verification_a_self_signed_certificate_is_up(authority: Authority) -> None:
    async with serve(authority.self_sign("elsewhere.example")) as port:
        reading = await read(url=f"https://localhost:{port}/", verify_tls=False)
    assert (reading.state, reading.error) == (State.UP, None)


async def test_a_certificate_that_ends_soon_is_up_with_a_warning(authority: Authority) -> None:
    async with serve(authority.sign("localhost", 5.5)) as port:
        reading = await read(url=f"https://localhost:{port}/")
    assert reading.state is State.UP
    assert (reading.error or "").startswith("the certificate expires in 5 days (20")


async def test_a_certificate_that_ends_too_soon_is_down_where_that_is_wanted(authority: Authority) -> None:
    async with serve(authority.sign("localhost", 5.5)) as port:
        reading = await read(url=f"https://localhost:{port}/", certificate_failure_days=7)
    assert reading.state is State.DOWN
    assert (reading.error or "").startswith("the certificate expires in 5 days (20")


async def test_without_verification_an_expired_certificate_is_told(authority: Authority) -> None:
    async with serve(authority.sign("localhost", -3.5)) as port:
        reading = await read(url=f"https://localhost:{port}/", verify_tls=False)
    assert reading.state is State.UP
    assert (reading.error or "").startswith("the certificate expired 3 days ago (20")


async def test_no_warning_where_none_is_wanted(authority: Authority) -> None:
    async with serve(authority.sign("localhost", 5.5)) as port:
        reading = await read(url=f"https://localhost:{port}/", certificate_warning_days=0)
    assert (reading.state, reading.error) == (State.UP, None)


async def test_a_server_without_tls_behind_an_https_address_is_down(site: str) -> None:
    reading = await read(url=site.replace("http:", "https:"))
    assert (reading.state, reading.error) == (State.DOWN, "no TLS: the server speaks plain HTTP at this port")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "ftp://127.0.0.1/"}, "url: .*not of the form https://host/path"),
        ({"url": "hello"}, "url: .*not of the form https://host/path"),
        ({"url": "http://[::1"}, "url: .*no address"),
        ({"url": "http://ada:secret@127.0.0.1/"}, "url: .*a name and a password go into username and password"),
        ({"method": "DELETE"}, "method: "),
        ({"expected_statuses": ["2x"]}, r"expected_statuses\.0: "),
        ({"expected_statuses": []}, "expected_statuses: "),
        ({"headers": {"X": "a\r\nY: b"}}, r"headers\.X: "),
        ({"headers": {"Authorization": "x"}}, "headers: .*everybody sees headers"),
        ({"expected_text": "x", "method": "HEAD"}, "an answer to HEAD has no text"),
        ({"username": "ada"}, "username and password go together"),
        ({"username": "ada", "password": "x", "bearer_token": "y"}, "either username and password, or bearer_token"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^driver 'http' does not take this: .*{said}") as refused:
        parse_options("http", options)
    assert "secret" not in str(refused.value)
