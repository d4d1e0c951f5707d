"""Who we are to a server (services/network/drivers/http/credentials.py)."""

import pytest

from services.network.drivers.http.addresses import parse_address
from services.network.drivers.http.credentials import Credentials, DigestServers
from services.network.drivers.http.digest import Challenge
from services.network.drivers.http.options import HttpOptions

PAGE = parse_address("http://nas.example/")
OPTIONS = HttpOptions.model_validate({"username": "ada", "password": "open sesame"})


@pytest.mark.parametrize(
    ("url", "is_sent"),
    [
        ("http://nas.example/else", True),
        ("https://nas.example/", True),
        ("https://nas.example:8443/", False),
        ("http://nas.example:8080/", False),
        ("http://evil.example/", False),
    ],
)
def test_a_password_goes_to_the_server_it_was_given_for_alone(url: str, is_sent: bool) -> None:
    credentials = Credentials(OPTIONS, PAGE, DigestServers())
    assert (credentials.header_for(parse_address(url), "GET") is not None) is is_sent


def test_tls_is_never_left_with_a_password() -> None:
    credentials = Credentials(OPTIONS, parse_address("https://nas.example/"), DigestServers())
    assert credentials.header_for(PAGE, "GET") is None


def test_a_server_that_asked_for_a_digest_is_sent_no_password_at_the_next_reading() -> None:
    servers = DigestServers()
    first = Credentials(OPTIONS, PAGE, servers)
    first.answer(Challenge("cam", "n", "MD5", None, True), PAGE)
    assert (first.header_for(PAGE, "GET") or "").startswith("Digest ")
    assert Credentials(OPTIONS, PAGE, servers).header_for(PAGE, "GET") is None
