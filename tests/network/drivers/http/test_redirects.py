"""Where redirects lead, and where they must not (services/network/drivers/http/redirects.py, addresses.py)."""

import pytest

from dashnet.reading import State
from services.network.drivers.http.redirects import is_link_local, is_of_this_machine
from tests.network.drivers.http.reads import make_answer, read_page, serve_page

READY = make_answer(b"ready")


def _to(location: str, *headers: str, status: str = "302 Found") -> bytes:
    return make_answer(b"", f"Location: {location}", *headers, status=status)


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:-1/",
        "http://127.0.0.1:http/",
        "gopher://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "mailto:a@b",
        "http://",
        "https:///",
        "http://[::1/",
        "http://[::1]]/",
        "http://a..b/",
        "http://" + "a" * 64 + ".example/",
        "http://\ud83d/",
        "//:80",
        "http://%zz/",
        "x" * 70_000,
    ],
    ids=lambda location: repr(location[:30]),
)
async def test_a_redirect_to_a_bad_address_is_down(location: str) -> None:
    answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode("utf-8", "surrogatepass")
    async with serve_page(answer) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/", follow_redirects=True)
    assert reading.state is State.DOWN
    assert (reading.error or "").startswith("redirects to a bad address")


@pytest.mark.parametrize(
    "location",
    [
        "/ready",
        "ready",
        "?ready",
        "",
        "//127.0.0.1:{port}/ready",
        "http://127.0.0.1:{port}/ready#fragment",
        "http://user:password@127.0.0.1:{port}/ready",
        "http:/127.0.0.1:{port}/ready",
        "http:///127.0.0.1:{port}/ready",
        "HTTP://127.0.0.1:{port}/b\u00fcro ready?a=b c",
        " /ready\t",
    ],
)
async def test_a_redirect_that_browsers_follow_is_followed(location: str) -> None:
    async with serve_page(b"", READY) as page:
        page.answers[0] = _to(location.format(port=page.port))
        reading = await read_page(f"http://127.0.0.1:{page.port}/", follow_redirects=True, expected_text="ready")
    assert (reading.state, reading.error) == (State.UP, None)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "metadata.example",
    ],
)
async def test_a_redirect_to_a_link_local_address_is_not_followed(host: str) -> None:
    names = {"metadata.example": ["127.0.0.1", "169.254.169.254"]}
    async with serve_page(_to(f"http://{host}/latest/meta-data/")) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/", names=names, follow_redirects=True)
    assert reading.state is State.DOWN
    assert (reading.error or "").startswith("redirects to the link-local address ")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"])
async def test_a_redirect_to_a_service_of_this_stack_is_not_followed(host: str) -> None:
    names = {"localhost": ["127.0.0.1"]}
    async with serve_page(READY) as ours:
        async with serve_page(_to(f"http://{host}:{ours.port}/")) as page:
            url, own = f"http://127.0.0.1:{page.port}/", [("127.0.0.1", ours.port)]
            reading = await read_page(url, names=names, own=own, follow_redirects=True)
    expected = f"redirects to port {ours.port} of this stack, which is not followed"
    assert (reading.state, reading.error, ours.requests) == (State.DOWN, expected, [])


async def test_a_redirect_to_a_service_of_this_stack_elsewhere_is_not_followed_either() -> None:
    names = {"postgres": ["192.0.2.7"], "innocent.example": ["192.0.2.7"]}
    async with serve_page(_to("http://innocent.example:5432/")) as page:
        url, own = f"http://127.0.0.1:{page.port}/", [("postgres", 5432)]
        reading = await read_page(url, names=names, own=own, follow_redirects=True)
    assert reading.error == "redirects to port 5432 of this stack, which is not followed"


async def test_what_the_user_asks_for_may_be_of_this_stack_and_redirect_to_itself() -> None:
    async with serve_page(_to("/docs"), READY) as page:
        url, own = f"http://127.0.0.1:{page.port}/", [("127.0.0.1", page.port)]
        reading = await read_page(url, own=own, follow_redirects=True)
    assert (reading.state, reading.error) == (State.UP, None)


@pytest.mark.parametrize(("address", "expected"), [("127.0.0.1", True), ("::", True), ("192.0.2.1", False)])
def test_addresses_of_this_machine(address: str, expected: bool) -> None:
    assert is_of_this_machine(address) is expected


@pytest.mark.parametrize(
    ("address", "expected"), [("fe80::1%lo", True), ("169.254.0.1", True), ("10.0.0.1", False), ("2001:db8::1", False)]
)
def test_link_local_addresses(address: str, expected: bool) -> None:
    assert is_link_local(address) is expected


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        ("POST", "302 Found", "GET"),
        ("POST", "303 See Other", "GET"),
        ("POST", "307 Temporary Redirect", "POST"),
        ("POST", "308 Permanent Redirect", "POST"),
        ("HEAD", "303 See Other", "HEAD"),
        ("OPTIONS", "301 Moved Permanently", "OPTIONS"),
    ],
)
async def test_the_method_after_a_redirect_is_that_of_browsers(method: str, status: str, then: str) -> None:
    async with serve_page(_to("/next", status=status), READY) as page:
        await read_page(f"http://127.0.0.1:{page.port}/", method=method, follow_redirects=True)
    assert [request.split(" ")[0] for request in page.requests] == [method, then]


async def test_a_cookie_that_a_redirect_sets_goes_along_to_its_own_path_alone() -> None:
    first = _to("/in/next", "Set-Cookie: seen=1; Path=/", "Set-Cookie: deep=2; Path=/deep", "Set-Cookie: tls=3; Secure")
    async with serve_page(first, READY) as page:
        await read_page(f"http://127.0.0.1:{page.port}/", follow_redirects=True)
    assert "\r\nCookie: seen=1\r\n" in page.requests[1]


async def test_a_host_header_of_ones_own_goes_to_its_own_server_alone() -> None:
    names = {"other.example": ["127.0.0.1"]}
    async with serve_page(b"", READY) as page:
        page.answers[0] = _to(f"http://other.example:{page.port}/")
        url = f"http://127.0.0.1:{page.port}/"
        await read_page(url, names=names, headers={"host": "virtual.example"}, follow_redirects=True)
    assert "host: virtual.example\r\n" in page.requests[0]
    assert f"Host: other.example:{page.port}\r\n" in page.requests[1]
