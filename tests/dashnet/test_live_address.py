from typing import Any

import pytest
from starlette.datastructures import QueryParams

from dashnet.errors import DashnetError
from dashnet.live_address import is_loopback, live_address, to_query
from services.app.live import parse_query
from services.app.views import parse_view


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:5001", "ws://127.0.0.1:5001/live"),
        ("https://noc.example.org/", "wss://noc.example.org/live"),
        ("127.0.0.1:5001", "ws://127.0.0.1:5001/live"),
        ("ws://[::1]:5001/live", "ws://[::1]:5001/live"),
        ("http://noc.example.org/panel/", "ws://noc.example.org/panel/live"),
    ],
)
def test_the_address_of_live_is_made_from_any_usual_url(url: str, address: str) -> None:
    assert live_address(url) == address


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1", "http://", "http://a:port", "http://a:99999"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(DashnetError, match="is no address"):
        live_address(url)


@pytest.mark.parametrize(
    "view",
    [
        {},
        {"device_ids": None},
        {"device_ids": []},
        {"device_ids": [3, 1]},
        {"tags": ["a,b", "c&d=ü", "+"], "device_types": ["Desktop PC"]},
        {"tags": []},
        {"device_types": []},
        {"state": "down", "search": "10.0. %"},
        {"device_ids": [1], "tags": ["lab"], "device_types": ["Router"], "state": "up", "search": "x"},
    ],
)
def test_a_view_in_an_address_is_the_same_view_to_the_app_service(view: dict[str, Any]) -> None:
    assert parse_query(QueryParams(to_query(view))) == parse_view(view)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("ws://127.0.0.1:1/live", True), ("ws://[::1]/live", True), ("ws://localhost", True), ("ws://10.0.0.1", False)],
)
def test_no_proxy_stands_before_this_machine(address: str, expected: bool) -> None:
    assert is_loopback(address) == expected
