import pytest

from services.network.drivers import OPTIONS
from services.network.drivers.destination import find_destination
from services.network.drivers.http import HttpOptions
from services.network.drivers.secret_places import secret_places
from services.network.drivers.snmp.options import SnmpOptions

ADDRESS = "192.0.2.7"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://nas.example/a", "http://nas.example/b?c#d"),
        ("http://nas.example", "HTTP://NAS.example./"),
        ("http://nas.example/", "http://nas.example:80/"),
        ("https://nas.example", "https://nas.example:443/status"),
        ("http://[2001:db8::1]/", "http://[2001:DB8:0::1]:80/"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        (None, f"http://{ADDRESS}/"),
    ],
)
def test_one_page_has_one_destination_however_it_is_written(one: str | None, other: str) -> None:
    first, second = (HttpOptions(url=url).find_destination(ADDRESS) for url in (one, other))
    assert first == second


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://nas.example/", "url now points to another scheme"),
        ("http://nas.example:8080/", "url now points to another port"),
        ("http://evil.example/", "url now points to another host"),
        ("http://nas.example.evil.example/", "url now points to another host"),
        ("http://nas.example:80.evil.example/", None),
        (None, "ip_address now points to another host"),
    ],
)
def test_another_scheme_host_or_port_is_another_destination(url: str | None, words: str | None) -> None:
    old = HttpOptions(url="http://nas.example/").find_destination(ADDRESS)
    if words is None:
        with pytest.raises(ValueError, match="no address"):
            HttpOptions(url=url)
        return
    new = HttpOptions(url=url).find_destination(ADDRESS)
    assert new != old
    assert new.explain_change(old) == words


def test_the_address_of_a_device_counts_only_where_it_is_asked() -> None:
    page = HttpOptions(url="http://nas.example/")
    assert page.find_destination(ADDRESS) == page.find_destination("192.0.2.8")
    assert HttpOptions().find_destination(ADDRESS) != HttpOptions().find_destination("192.0.2.8")


@pytest.mark.parametrize(("address", "port"), [("192.0.2.8", 161), (ADDRESS, 1161)])
def test_an_agent_is_its_address_and_its_port(address: str, port: int) -> None:
    old = SnmpOptions.model_validate({"community": "c"}).find_destination(ADDRESS)
    assert SnmpOptions.model_validate({"community": "c", "port": port}).find_destination(address) != old
    assert SnmpOptions.model_validate({"community": "d", "retries": 9}).find_destination(ADDRESS) == old


@pytest.mark.parametrize("name", ["host", "server"])
def test_options_that_name_a_host_lead_there(name: str) -> None:
    found = find_destination({name: "Radius.example", "port": 1812}, ADDRESS)
    assert (found.host, found.port) == ("radius.example", 1812)
    assert found == find_destination({name: "radius.example.", "port": 1812}, "192.0.2.8")


def test_a_text_that_is_no_address_is_a_destination_of_its_own() -> None:
    assert find_destination({"url": "u"}, ADDRESS) != find_destination({"url": "v"}, ADDRESS)
    assert find_destination({"url": "http://[x"}, ADDRESS) != find_destination({"url": "http://[y"}, ADDRESS)


def test_drivers_with_secrets_are_those_that_are_tested_here() -> None:
    assert {name for name, options in OPTIONS.items() if secret_places(options)} == {"http", "snmp"}
