from collections.abc import Collection, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.drivers.layers import Layer, Link, find_repeats, layer_of


def counted(*names: str, below: Mapping[str, Collection[str]] | None = None, **more: Any) -> list[str]:
    """The chosen interfaces that a total counts; all are up, of type 6, and chosen."""
    repeats = find_repeats([Link(name, interface_type=6, **more) for name in names], names, below)
    return [name for name in names if name not in repeats]


@pytest.mark.parametrize(
    ("names", "once"),
    [
        pytest.param("eth0 eth1 bond0 bond0.20 br0", "eth0 eth1", id="a NAS"),
        pytest.param("eth0 eth1 eth2", "eth0 eth1 eth2", id="ports alone"),
        pytest.param("eth6 eth7 imq0 eth6.500 eth6.4 tun0", "eth6 eth7", id="EdgeOS"),
        pytest.param(
            "eth0 lan1 lan2 wan br-lan br-lan.20 wlan0 ppp0", "lan1 lan2 wan wlan0", id="OpenWrt on a switch chip"
        ),
        pytest.param("eth0 eth0.1 eth0.2 br-lan wlan0 wlan0-1", "eth0 wlan0 wlan0-1", id="OpenWrt with VLANs"),
        pytest.param("eth0 ra0 rai0 ra1 br0", "eth0 ra0 rai0 ra1", id="UniFi"),
        pytest.param("eth0 wifi0 ath0 br0", "eth0 ath0", id="airOS"),
        pytest.param("wlan0 wlan0.1 br0", "wlan0", id="a network of a radio"),
        pytest.param("eth0 docker0 veth1a2b br-0c1d2e virbr0 vnet3", "eth0", id="a host of containers"),
        pytest.param("eno1np0 eno2np1 bond1 vmbr0 tap100i0 fwbr100i0 fwln100i0", "eno1np0 eno2np1", id="Proxmox"),
        pytest.param("em0 em1 lagg0 lagg0.30 bridge0 ovpns1 pflog0 enc0", "em0 em1", id="pfSense"),
        pytest.param("cxl0 em0 vlan19 vlan250", "cxl0 em0", id="TrueNAS"),
        pytest.param("Gi1/0/1 Gi1/0/2 Po1 Vl10 Nu0 Tunnel1 Gi1/0/1.100", "Gi1/0/1 Gi1/0/2", id="Cisco"),
        pytest.param("ge-0/0/0 ge-0/0/0.0 ae0 irb.10 reth1", "ge-0/0/0", id="Junos"),
        pytest.param("Port1 Port1.20 Port1.90_ppp ipsec0 vxlan3 vxlan3.102 tun0 ifb0", "Port1", id="Sophos"),
        pytest.param("p1 p3 p1.501 ppp15056 vpnr0 vpn0 pvpn0", "p1 p3", id="Barracuda"),
        pytest.param("1.1 1.2 mgmt /Common/Lan /Common/Wan", "1.1 1.2 mgmt", id="F5"),
        pytest.param("port1.0.1 port1.0.2 eth0", "port1.0.1 port1.0.2 eth0", id="Allied Telesis"),
        pytest.param("eth0 vlan20@eth0", "eth0", id="a name with the name of what it is above"),
        pytest.param("XGigabitEthernet0/0/1 Eth-Trunk1 Vlanif99 NULL0 Dialer1", "XGigabitEthernet0/0/1", id="VRP"),
        pytest.param("lo eth0 bond0", "lo eth0", id="loopback is of its own"),
        pytest.param("lo0 vlan10", "lo0 vlan10", id="nothing is made of loopback"),
        pytest.param("bond0 bond0.20 br0", "bond0", id="without its ports"),
        pytest.param("br0 vnet1 vnet2", "br0", id="a bridge and its guests"),
        pytest.param("vlan10 vlan20", "vlan10 vlan20", id="VLANs alone"),
        pytest.param("tun0", "tun0", id="a tunnel alone"),
    ],
)
def test_a_total_counts_each_frame_once(names: str, once: str) -> None:
    assert counted(*names.split()) == once.split()


def test_filters_of_windows_are_no_interfaces_of_their_own() -> None:
    card = "Intel(R) 82574L Gigabit - Network Connection"
    filters = [f"{card}-WFP Native MAC Layer LightWeight Filter-0000", f"{card}-QoS Packet Scheduler-0000"]
    links = [Link(f"ethernet_{number}", text) for number, text in enumerate([card, *filters])]
    assert find_repeats(links, {one.name for one in links}) == {"ethernet_1", "ethernet_2"}


def test_what_a_device_says_goes_before_names() -> None:
    assert counted("a", "b", "c", below={"c": ["a"]}) == ["a", "b"]


def test_what_is_beneath_counts_over_several_layers() -> None:
    assert counted("port", "middle", "top", below={"top": ["middle"], "middle": ["port"]}) == ["port"]


def test_of_interfaces_that_are_said_to_be_beneath_each_other_one_counts() -> None:
    assert counted("a", "b", below={"a": ["b"], "b": ["a"]}) == ["a"]


def test_a_bundle_counts_for_members_that_are_not_chosen() -> None:
    links = [Link(name, interface_type=6) for name in ("x1", "x2", "mgmt", "bond0")]
    assert find_repeats(links, {"x1", "mgmt", "bond0"}, {"bond0": ["x1", "x2"]}) == {"x1"}


def test_a_bundle_is_made_of_its_members_that_are_up() -> None:
    links = [Link("x1"), Link("x2", is_up=False), Link("bond0")]
    assert find_repeats(links, {"x1", "bond0"}, {"bond0": ["x1", "x2"]}) == {"bond0"}


def test_a_bundle_whose_members_nobody_names_stays_beside_some_of_the_ports() -> None:
    links = [Link("eth0"), Link("eth2"), Link("eth3"), Link("bond0")]
    assert find_repeats(links, {"eth0", "bond0"}) == frozenset()


def test_an_interface_without_counters_counts_for_no_other() -> None:
    links = [Link("eth0", has_counters=False), Link("eth0.10")]
    assert find_repeats(links, {"eth0", "eth0.10"}) == frozenset()


def test_an_interface_that_is_not_chosen_counts_for_no_other() -> None:
    assert find_repeats([Link("eth0"), Link("eth0.10"), Link("eth0.20")], {"eth0.10", "eth0.20"}) == frozenset()


@pytest.mark.parametrize(
    ("interface_type", "layer"),
    [
        (6, Layer.PORT),
        (161, Layer.BUNDLE),
        (209, Layer.BRIDGE),
        (131, Layer.UPPER),
        (136, Layer.UPPER),
        (24, Layer.LOOPBACK),
    ],
)
def test_types_decide_where_names_say_nothing(interface_type: int, layer: Layer) -> None:
    assert layer_of(Link("x", interface_type=interface_type)) is layer


some_names = st.sampled_from(
    ["eth0", "eth1", "eth0.1", "bond0", "br0", "vlan5", "lo", "wan", "lan1", "tun0", "1", "x@eth0"]
)


@given(
    names=st.lists(some_names, unique=True, min_size=1),
    below=st.dictionaries(some_names, st.sets(some_names, max_size=4)),
    types=st.lists(st.sampled_from([1, 6, 24, 53, 161, 209]), min_size=12, max_size=12),
)
def test_whatever_a_device_says_something_is_counted(
    names: list[str], below: Mapping[str, set[str]], types: list[int]
) -> None:
    links = [Link(name, interface_type=kind) for name, kind in zip(names, types, strict=False)]
    assert find_repeats(links, names, below) < {*names}
