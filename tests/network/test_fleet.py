import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.fleet import make_demo_fleet, make_host_device
from services.network.models import DeviceCreate

SIZES = st.integers(min_value=0, max_value=300)
MOST_ENDPOINTS_OF_A_SWITCH = 23
# For a process of its own: the devices take 150 MiB, of which 120 stay with the process.
COUNT_ADDRESSES = """
from services.network.fleet import make_demo_fleet

fleet = make_demo_fleet(range(101, 100_101))
print(len({device.ip_address for device in fleet}), len({device.mac_address for device in fleet}))
"""


def make_fleet(count: int) -> Sequence[DeviceCreate]:
    return make_demo_fleet(range(101, 101 + count))


def test_the_fleet_of_twelve_is_that_of_2020() -> None:
    kinds = Counter(device.device_type for device in make_fleet(12))
    assert kinds == {"Router": 1, "Switch": 1, "Desktop PC": 4, "Laptop": 5, "Phone": 1}


@given(count=SIZES)
def test_a_fleet_has_the_size_that_was_asked_for(count: int) -> None:
    assert len(make_fleet(count)) == count


@given(count=SIZES)
def test_mac_addresses_and_host_names_are_unique(count: int) -> None:
    fleet = make_fleet(count)
    assert len({device.mac_address for device in fleet}) == len({device.host_name for device in fleet}) == count


@given(count=SIZES.filter(bool))
def test_only_the_router_has_no_parent(count: int) -> None:
    fleet = make_fleet(count)
    assert [device.device_type for device in fleet if device.parent_id is None] == ["Router"]


@given(count=SIZES)
def test_switches_hang_on_the_router_and_endpoints_on_switches(count: int) -> None:
    fleet = make_fleet(count)
    types = dict(enumerate((device.device_type for device in fleet), start=101))
    links = {(device.device_type, types[device.parent_id]) for device in fleet if device.parent_id is not None}
    endpoints = {"Desktop PC", "Laptop", "Phone"}
    assert links <= {("Switch", "Router")} | {(endpoint, "Switch") for endpoint in endpoints}


@given(count=SIZES)
def test_no_switch_has_more_endpoints_than_ports(count: int) -> None:
    fleet = make_fleet(count)
    loads = Counter(device.parent_id for device in fleet if device.device_type not in ("Router", "Switch"))
    assert max(loads.values(), default=0) <= MOST_ENDPOINTS_OF_A_SWITCH


@pytest.mark.timeout(200)
def test_a_hundred_thousand_devices_have_addresses_of_their_own(project_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNT_ADDRESSES], cwd=project_root, capture_output=True, text=True, timeout=180
    )
    assert done.stdout == "100000 100000\n", done.stderr


def test_the_fleet_is_simulated_and_realistic() -> None:
    assert {(device.driver, str(device.driver_options)) for device in make_fleet(30)} == {
        ("simulated", "{'profile': 'realistic'}")
    }


def test_this_machine_is_a_real_device() -> None:
    device = make_host_device()
    assert (device.driver, device.tags, device.parent_id) == ("host", ["real"], None)
    assert "" not in (device.host_name, device.operating_system)


def test_a_machine_without_a_network_still_has_an_identifier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.net_if_addrs", dict)
    monkeypatch.setattr("socket.gethostname", lambda: "my machine's name " * 5)
    device = make_host_device()
    assert str(device.mac_address).startswith("host-my-machine-s-name-")
    assert device.ip_address == "127.0.0.1"
