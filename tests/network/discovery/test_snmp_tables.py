"""Neighbours from a device's tables, good rows and bad ones."""

from services.network.discovery.snmp_tables import Neighbour, Rows, parse_arp, parse_cdp, parse_lldp, to_mac

MAC = bytes.fromhex("001b44113ab7")
TOLD = "00:1B:44:11:3A:B7"
V6 = (0x20, 0x01, 0x0D, 0xB8, *[0] * 11, 1)


def test_a_mac_address_is_six_bytes_of_one_device() -> None:
    wrong = (b"", MAC[:5], MAC + b"x", bytes(6), b"\xff" * 6, bytes.fromhex("01005e000001"), "text of", 7, None)
    assert to_mac(MAC) == TOLD
    assert [to_mac(value) for value in wrong] == [None] * len(wrong)


def test_both_arp_tables_are_read_and_broken_rows_left_out() -> None:
    old = {(2, 10, 0, 0, 1): MAC, (2, 10, 0, 0, 2): b"short", (2, 10, 0, 0): MAC, (2, 10, 0, 0, 999): MAC, (): MAC}
    new = {(3, 1, 4, 10, 0, 0, 3): MAC, (3, 2, 16, *V6): MAC, (3, 2, 4, 10, 0, 0, 4): MAC, (3, 1, 4): MAC, (1,): MAC}
    assert parse_arp(old, new) == dict.fromkeys(("10.0.0.1", "10.0.0.3", "2001:db8::1"), TOLD)


def test_lldp_neighbours_have_a_mac_address_a_management_address_and_a_name() -> None:
    kinds: Rows = {(0, 1, 1): 4, (0, 2, 1): 5, (0, 3, 1): 7, (0, 4, 1): "wrong"}
    chassis: Rows = {(0, 1, 1): MAC, (0, 2, 1): b"\x01\x0a\x00\x00\x02", (0, 3, 1): b"serial", (0, 4, 1): 8}
    names: Rows = {(0, 1, 1): b"core", (0, 3, 1): b"\xffedge\x00", (0, 5, 1): b"only a name"}
    addresses: Rows = {(0, 1, 1, 1, 4, 10, 0, 0, 1): 1, (0, 1, 1, 1, 4, 10, 0, 0, 9): 1, (0, 4, 1, 1): 1}
    assert list(parse_lldp(kinds, chassis, names, addresses)) == [
        Neighbour(TOLD, "10.0.0.1", "core"),
        Neighbour(None, "10.0.0.2", None),
        Neighbour(None, None, "ÿedge"),
        Neighbour(None, None, None),
        Neighbour(None, None, "only a name"),
    ]


def test_cdp_neighbours_have_an_address_and_a_name() -> None:
    addresses: Rows = {(1, 1): b"\x0a\x00\x00\x01", (1, 2): b"", (1, 3): 5}
    names: Rows = {(1, 1): b"core.example.org", (1, 2): b"SEP001B44113AB7(FOX123)"}
    assert list(parse_cdp(addresses, names)) == [
        Neighbour(None, "10.0.0.1", "core.example.org"),
        Neighbour(None, None, "SEP001B44113AB7"),
        Neighbour(None, None, None),
    ]
