"""What a first start puts into an empty inventory: a simulated fleet to play with, and this machine itself."""

import ipaddress
import platform
import re
import socket
from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import psutil

from services.network.models import DeviceCreate

# The fleet of 2020: one router, one switch, four desktop PCs, five laptops, one phone.
_ENDPOINTS = (
    ("Desktop PC", "desktop", ("Windows 11", "Ubuntu 24.04")),
    ("Laptop", "laptop", ("Windows 11", "macOS 15", "Fedora 42")),
    ("Laptop", "laptop", ("macOS 15", "Windows 11", "Debian 13")),
    ("Desktop PC", "desktop", ("Windows 11", "Debian 13")),
    ("Laptop", "laptop", ("Windows 11", "ChromeOS")),
    ("Phone", "phone", ("Android 16", "iOS 19")),
    ("Laptop", "laptop", ("macOS 15", "Windows 11")),
    ("Desktop PC", "desktop", ("Ubuntu 24.04", "Windows 11")),
    ("Laptop", "laptop", ("Windows 11", "Arch Linux")),
    ("Desktop PC", "desktop", ("Windows 11", "Ubuntu 24.04")),
)
_ENDPOINTS_PER_SWITCH = 23
_FIRST_ADDRESS = int(ipaddress.IPv4Address("10.0.0.1"))


def make_demo_fleet(ids: Sequence[int]) -> list[DeviceCreate]:
    """A tree of `len(ids)` simulated devices: one router, a switch for each 23 endpoints, and the endpoints.

    Device n gets `ids[n]`, so that parents can be named before anything is stored.
    """
    count = len(ids)
    switches = 0 if count < 2 else max(1, -(-(count - 1) // (_ENDPOINTS_PER_SWITCH + 1)))
    fleet = [_make_device(0, "Router", "router-1", "RouterOS 7", None)][:count]
    fleet += [_make_device(1 + n, "Switch", f"switch-{n + 1}", "ArubaOS 16", ids[0]) for n in range(switches)]
    for place, (kind, name, system) in enumerate(islice(_endpoints(), max(0, count - 1 - switches))):
        number = 1 + switches + place
        fleet.append(_make_device(number, kind, name, system, ids[1 + place % switches]))
    return fleet


def _endpoints() -> Iterator[tuple[str, str, str]]:
    numbers: dict[str, int] = {}
    for kind, stem, systems in cycle(_ENDPOINTS):
        numbers[stem] = numbers.get(stem, 0) + 1
        yield kind, f"{stem}-{numbers[stem]}", systems[numbers[stem] % len(systems)]


def _make_device(number: int, device_type: str, host_name: str, system: str, parent_id: int | None) -> DeviceCreate:
    digits = f"{number:06X}"
    return DeviceCreate(
        host_name=host_name,
        # 02 marks an address given out locally: no manufacturer's device has it.
        mac_address=f"02:DA:5E:{digits[0:2]}:{digits[2:4]}:{digits[4:6]}",
        ip_address=str(ipaddress.IPv4Address(_FIRST_ADDRESS + number)),
        device_type=device_type,
        operating_system=system,
        driver="simulated",
        driver_options={"profile": "realistic"},
        tags=["demo"],
        parent_id=parent_id,
    )


def make_host_device() -> DeviceCreate:
    """This machine, as the `host` driver reads it."""
    name = socket.gethostname() or "this-machine"
    mac_address, ip_address = _host_addresses()
    return DeviceCreate(
        host_name=name,
        mac_address=mac_address or f"host-{re.sub('[^0-9A-Za-z._-]', '-', name)[:59]}",
        ip_address=ip_address or "127.0.0.1",
        device_type="Server",
        operating_system=_host_system(),
        driver="host",
        tags=["real"],
    )


def _host_addresses() -> tuple[str | None, str | None]:
    """MAC and IPv4 address of the first interface that is up and no loopback."""
    interfaces = psutil.net_if_stats()
    for name, addresses in sorted(psutil.net_if_addrs().items()):
        if name not in interfaces or not interfaces[name].isup or "loopback" in interfaces[name].flags:
            continue
        mac = next((part.address for part in addresses if part.family == psutil.AF_LINK), None)
        ip = next((part.address for part in addresses if part.family == socket.AF_INET), None)
        if ip is not None:
            return mac, ip
    return None, None


def _host_system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}".strip()
