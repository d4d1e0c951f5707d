"""Which networks can be discovered, and which addresses of them are looked at."""

import pytest

from services.network.discovery.scope import MOST_ADDRESSES, list_addresses, parse_network


@pytest.mark.parametrize(
    ("text", "first", "last", "count"),
    [
        ("192.168.1.0/24", "192.168.1.1", "192.168.1.254", 254),
        ("10.0.16.0/20", "10.0.16.1", "10.0.31.254", 4094),
        ("192.168.1.4/30", "192.168.1.5", "192.168.1.6", 2),
        ("192.168.1.4/31", "192.168.1.4", "192.168.1.5", 2),
        ("192.168.1.4", "192.168.1.4", "192.168.1.4", 1),
        (" 127.0.0.0/28 ", "127.0.0.1", "127.0.0.14", 14),
        ("2001:db8::/120", "2001:db8::", "2001:db8::ff", 256),
        ("2001:db8::1000/116", "2001:db8::1000", "2001:db8::1fff", MOST_ADDRESSES),
        ("::1", "::1", "::1", 1),
    ],
)
def test_the_addresses_of_a_network_are_those_that_devices_may_have(
    text: str, first: str, last: str, count: int
) -> None:
    addresses = list_addresses(parse_network(text))
    assert (addresses[0], addresses[-1], len(addresses), len(set(addresses))) == (first, last, count, count)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10.0.0.0/19", "has 8,192 addresses, and a discovery looks at 4,096 at the most (/20): name a part of it"),
        ("0.0.0.0/0", "has 4,294,967,296 addresses"),
        ("2001:db8::/64", "has 2^64 addresses, and a discovery looks at 4,096 at the most (/116)"),
        ("192.168.1.5/24", "is an address within a network: say 192.168.1.0/24, or the address without /24"),
        ("224.0.0.0/24", "is multicast: groups, not devices"),
        ("239.1.2.3", "is multicast"),
        ("255.255.255.255", "its last address is everybody (broadcast)"),
        ("0.0.0.0", "stands for no device"),
        ("ff02::1", "is multicast"),
        ("fe80::/120", "mean nothing without an interface"),
        ("169.254.169.254", "mean nothing without an interface"),
        ("169.254.0.0/24", "mean nothing without an interface"),
        ("fe80::1%eth0", "of one interface only"),
        ("::ffff:10.0.0.0/120", "write it as IPv4"),
        ("::/127", "stands for no device"),
        ("::1/127", "is an address within a network"),
        ("router.example", "neither a network such as 192.168.1.0/24 nor an address"),
        ("", "neither a network"),
        ("192.168.1.0/33", "neither a network"),
        ("192.168.1.0/24/24", "neither a network"),
    ],
)
def test_what_is_no_network_of_devices_is_refused_with_what_to_say_instead(text: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        parse_network(text)
    assert why in str(refused.value)
