"""Cookies within one reading (services/network/drivers/http/cookies.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.drivers.http.addresses import parse_address
from services.network.drivers.http.cookies import Cookies


@pytest.mark.parametrize(
    ("line", "url", "sent"),
    [
        ("a=1", "http://nas.example/in/next", "a=1"),
        ("a=1", "http://other.example/in/next", None),
        ("a=1; Path=/else", "http://nas.example/in/next", None),
        ("a=1; Secure", "http://nas.example/in/next", None),
        ("a=1; Max-Age=0", "http://nas.example/in/next", None),
        ("a=" + "x" * 5000, "http://nas.example/in/next", None),
    ],
    ids=["same", "host", "path", "plain", "over", "long"],
)
def test_a_cookie_goes_back_where_it_belongs(line: str, url: str, sent: str | None) -> None:
    cookies = Cookies()
    cookies.take(parse_address("http://nas.example/in/first"), [line])
    assert cookies.header_for(parse_address(url)) == sent


def test_a_cookie_that_cannot_be_read_costs_no_other_cookie() -> None:
    cookies, page = Cookies(), parse_address("http://nas.example/")
    cookies.take(page, ["bad=1; Max-Age", "good=2"])
    assert "good=2" in (cookies.header_for(page) or "")


def test_no_more_cookies_are_kept_than_browsers_keep_of_a_site() -> None:
    cookies, page = Cookies(), parse_address("http://127.0.0.1:8000/")
    cookies.take(page, [f"c{number}=1" for number in range(1000)])
    assert (cookies.header_for(page) or "").count("=") == 50


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_cookie_raises_anything(lines: list[str]) -> None:
    cookies, page = Cookies(), parse_address("http://nas.example/")
    cookies.take(page, [f"a={line}" for line in lines])
    assert "\r" not in (cookies.header_for(page) or "")
