"""TLS of all ages, chains and clients' certificates (services/network/drivers/http/tls.py)."""

import ssl
import warnings

import pytest

from dashnet.reading import State
from services.network.drivers.http.tls import explain_tls, list_chain
from tests.network.drivers.certificates import Authority
from tests.network.drivers.http.reads import make_answer, read_page, serve_page
from tests.network.drivers.http.tls_servers import make_server_tls

OLD = [
    pytest.param(ssl.TLSVersion.TLSv1, "ALL:@SECLEVEL=0", id="1.0"),
    pytest.param(ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", id="1.1"),
    pytest.param(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-SHA", id="1.2 CBC"),
    pytest.param(ssl.TLSVersion.TLSv1_2, "AES256-GCM-SHA384", id="1.2 RSA"),
    pytest.param(ssl.TLSVersion.TLSv1_2, "AES128-SHA", id="1.2 RSA CBC"),
]
OLD_WORDS = "the server speaks only old TLS ("
PAGE = make_answer(b"ready")


def _old(authority: Authority, version: ssl.TLSVersion, ciphers: str) -> ssl.SSLContext:
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return make_server_tls(authority.sign_rsa("localhost"), version=version, ciphers=ciphers)


@pytest.mark.parametrize(("version", "ciphers"), OLD)
async def test_old_tls_is_up_where_nothing_is_verified(
    authority: Authority, version: ssl.TLSVersion, ciphers: str
) -> None:
    async with serve_page(PAGE, tls=_old(authority, version, ciphers)) as page:
        reading = await read_page(f"https://localhost:{page.port}/", verify_tls=False)
    assert (reading.state, reading.error) == (State.UP, None)


@pytest.mark.parametrize(("version", "ciphers"), OLD)
async def test_old_tls_is_named_where_something_is_verified(
    authority: Authority, version: ssl.TLSVersion, ciphers: str
) -> None:
    async with serve_page(PAGE, tls=_old(authority, version, ciphers)) as page:
        reading = await read_page(f"https://localhost:{page.port}/")
    assert reading.state is State.DOWN
    assert (reading.error or "").startswith(OLD_WORDS)


async def test_an_authority_below_that_ends_before_the_certificate_is_a_warning(authority: Authority) -> None:
    async with serve_page(PAGE, tls=make_server_tls(authority.sign_below("localhost", 200, 5.5))) as page:
        reading = await read_page(f"https://localhost:{page.port}/")
    assert reading.state is State.UP
    assert (reading.error or "").startswith("the certificate of its authority Authority of the house expires in 5 days")


@pytest.mark.parametrize("verify_tls", [True, False])
async def test_an_authority_below_that_ends_too_soon_is_down_where_that_is_wanted(
    authority: Authority, verify_tls: bool
) -> None:
    async with serve_page(PAGE, tls=make_server_tls(authority.sign_below("localhost", 200, 5.5))) as page:
        url = f"https://localhost:{page.port}/"
        reading = await read_page(url, verify_tls=verify_tls, certificate_failure_days=30)
    assert reading.state is State.DOWN
    assert "expires in 5 days" in (reading.error or "")


async def test_an_authority_below_that_has_expired_is_down_with_verification(authority: Authority) -> None:
    async with serve_page(PAGE, tls=make_server_tls(authority.sign_below("localhost", 200, -5))) as page:
        reading = await read_page(f"https://localhost:{page.port}/")
    assert (reading.state, reading.error) == (State.DOWN, "its certificate is not accepted: certificate has expired")


async def test_a_certificate_that_is_not_valid_yet_is_told_without_verification(authority: Authority) -> None:
    async with serve_page(PAGE, tls=make_server_tls(authority.sign_for_later("localhost"))) as page:
        reading = await read_page(f"https://localhost:{page.port}/", verify_tls=False)
    assert reading.state is State.UP
    assert (reading.error or "").startswith("the certificate is not valid yet, only from 20")


async def test_a_certificate_that_is_not_valid_yet_is_down_with_verification(authority: Authority) -> None:
    async with serve_page(PAGE, tls=make_server_tls(authority.sign_for_later("localhost"))) as page:
        reading = await read_page(f"https://localhost:{page.port}/")
    assert (reading.state, reading.error) == (
        State.DOWN,
        "its certificate is not accepted: certificate is not yet valid",
    )


async def test_a_name_that_ends_in_a_dot_is_that_of_the_certificate(authority: Authority) -> None:
    async with serve_page(PAGE, tls=make_server_tls(authority.sign("nas.example", 90))) as page:
        reading = await read_page(f"https://nas.example.:{page.port}/", names={"nas.example.": ["127.0.0.1"]})
    assert (reading.state, reading.error) == (State.UP, None)


def test_a_connection_without_a_chain_has_the_servers_own_certificate_alone() -> None:
    class Bare:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

        def getpeercert(self, binary_form: bool) -> bytes | None:
            return b"der" if binary_form else None

    assert list_chain(Bare()) == [b"der"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionResetError(104, "x"), "no TLS: the server breaks the connection off"),
        (ssl.SSLError(1, "x"), "no TLS: the handshake failed"),
    ],
)
def test_words_for_what_has_no_words(error: OSError, said: str) -> None:
    assert explain_tls(error) == said
