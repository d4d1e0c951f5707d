import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.addresses import normalize_ip_address, normalize_mac_address

OCTETS = st.binary(min_size=6, max_size=6)
NOTATIONS = {
    "colons": lambda octets: octets.hex(":"),
    "hyphens": lambda octets: octets.hex("-"),
    "dots": lambda octets: octets.hex(".", 2),
    "bare": lambda octets: octets.hex(),
}


@pytest.mark.parametrize("notation", NOTATIONS)
@given(octets=OCTETS, is_upper=st.booleans())
def test_every_notation_of_a_mac_address_becomes_the_same(notation: str, octets: bytes, is_upper: bool) -> None:
    written = NOTATIONS[notation](octets)
    assert normalize_mac_address(written.upper() if is_upper else written) == octets.hex(":").upper()


@pytest.mark.parametrize(
    "written",
    ["0:1b:44:11:3a:4", "0-1B-44-11-3a-4", "0.1b.44.11.3a.4", "001b44-113a04", "0 1b 44 11 3a 4", "0x001B44113A04"],
)
def test_notations_of_single_tools_are_known_too(written: str) -> None:
    assert normalize_mac_address(written) == "00:1B:44:11:3A:04"


@pytest.mark.parametrize("identifier", ["00:1B:44:11:5R:B8", "sensor-7", "a", "Z" * 64, "1b:44:11:3a:b7"])
def test_another_identifier_is_taken_as_it_is(identifier: str) -> None:
    assert normalize_mac_address(identifier) == identifier


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a" * 65,
        "two words",
        "tab\t",
        "line\n",
        "a/b",
        "naïve",
        "１１:22:33:44:55:66",
        "\x00",
        "00:1B:44:11:3A:B7\n",
    ],
)
def test_what_is_no_identifier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="MAC address"):
        normalize_mac_address(text)


@given(identifier=st.from_regex(r"[0-9A-Za-z:._-]{1,64}", fullmatch=True))
def test_what_was_normalised_is_not_changed_again(identifier: str) -> None:
    normalised = normalize_mac_address(identifier)
    assert normalize_mac_address(normalised) == normalised


@given(address=st.ip_addresses())
def test_an_ip_address_is_kept_in_its_shortest_form(address: object) -> None:
    assert normalize_ip_address(str(address)) == str(address)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2001:0DB8:0000::0001", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("router", "router"),
        ("Printer-2.example.org", "Printer-2.example.org"),
        ("example.org.", "example.org."),
        ("_dmarc.example.org", "_dmarc.example.org"),
        ("3com", "3com"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("münchen", "xn--mnchen-3ya"),
        (".".join(["a" * 63] * 3 + ["a" * 61]), ".".join(["a" * 63] * 3 + ["a" * 61])),
    ],
)
def test_an_address_or_host_name_is_kept(written: str, kept: str) -> None:
    assert normalize_ip_address(written) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a..b",
        "-a",
        "a-",
        "300.1.1.1",
        "10.0.0",
        "10.0.0.01",
        "1:2:3",
        "with space",
        "http://router",
        "10.0.0.0/8",
        "a" * 64,
        ".".join(["a" * 63] * 4),
        "bücher .example",
        "router\n",
        "router\x00",
        "fe80::1%\x00",
        "fe80::1%a b",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither an IPv4 or IPv6 address nor a host name"):
        normalize_ip_address(text)
