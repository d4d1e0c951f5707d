"""What this system's tables tell, as captured."""

from services.network.discovery.neighbours import parse_arp_table, parse_ip_neighbours, parse_routes

ARP = """IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         00:1b:44:11:3a:b7     *        eth0
192.168.1.7      0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.1.8      0x1         0x6         00:1b:44:11:3a:b8     *        eth0
192.168.1.9      0x1         0x2         00:00:00:00:00:00     *        tun0
broken
"""
NEIGHBOURS = """2001:db8::1 dev eth0 lladdr 00:1b:44:11:3a:b7 router REACHABLE
2001:db8::2 dev eth0 FAILED
2001:db8::3 dev eth0 lladdr 00:1b:44:11:3a:b9 STALE
2001:db8::4 dev eth0 lladdr 00:1b:44:11:3a:ba FAILED
2001:db8::5 dev eth0 INCOMPLETE
lladdr
"""
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
"""


def test_neighbours_that_answered_have_a_mac_address() -> None:
    assert parse_arp_table(ARP) == {"192.168.1.1": "00:1B:44:11:3A:B7", "192.168.1.8": "00:1B:44:11:3A:B8"}


def test_neighbours_of_ipv6_that_answered_have_a_mac_address() -> None:
    assert parse_ip_neighbours(NEIGHBOURS) == {"2001:db8::1": "00:1B:44:11:3A:B7", "2001:db8::3": "00:1B:44:11:3A:B9"}


def test_gateways_are_those_of_the_way_to_everywhere() -> None:
    assert parse_routes(ROUTES) == ["192.168.1.1"]
    assert parse_routes("") == []
