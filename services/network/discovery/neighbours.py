"""What this system knows of its surroundings: its gateways, its own MAC addresses, and those of its neighbours."""

import asyncio
import ipaddress
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from services.network.addresses import normalize_mac_address

# Of the thread and not of the process, whose network may be another (namespaces).
_ARP_TABLE = Path("/proc/thread-self/net/arp")
_ROUTES = Path("/proc/thread-self/net/route")
_IS_GATEWAY = 0x2
_COMPLETE = 0x2
_NOBODY = "00:00:00:00:00:00"
_SECONDS = 5.0
_MOST_BYTES = 4 << 20
_REACHABLE = {"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"}


async def read_neighbours(*, ipv6: bool) -> Mapping[str, str]:
    """MAC addresses of this network's neighbours by address; none where the system does not tell."""
    if not ipv6:
        return parse_arp_table(_read(_ARP_TABLE))
    program = shutil.which("ip")
    if program is None:
        return {}
    process = await asyncio.create_subprocess_exec(
        program, "-6", "neigh", "show", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        return {}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return parse_ip_neighbours(output[:_MOST_BYTES].decode("ascii", "replace"))


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="ascii", errors="replace")
    return ""


def parse_arp_table(text: str) -> Mapping[str, str]:
    """Of /proc/net/arp those that have answered."""
    found = {}
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 4 and _to_flags(fields[2]) & _COMPLETE and fields[3] != _NOBODY:
            with suppress(ValueError):
                found[fields[0]] = normalize_mac_address(fields[3])
    return found


def _to_flags(text: str) -> int:
    with suppress(ValueError):
        return int(text, 16)
    return 0


def parse_ip_neighbours(text: str) -> Mapping[str, str]:
    """Of `ip neigh show` those that have answered."""
    found = {}
    for line in text.splitlines():
        fields = line.split()
        if "lladdr" in fields[:-1] and fields[-1] in _REACHABLE:
            with suppress(ValueError):
                found[fields[0]] = normalize_mac_address(fields[fields.index("lladdr") + 1])
    return found


def read_gateways() -> Sequence[str]:
    """Addresses of this machine's default gateways; none where the system does not tell."""
    return parse_routes(_read(_ROUTES))


def parse_routes(text: str) -> Sequence[str]:
    """Of /proc/net/route the gateways to everywhere."""
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 4 and fields[1] == "00000000" and _to_flags(fields[3]) & _IS_GATEWAY:
            with suppress(ValueError):
                found.append(str(ipaddress.IPv4Address(int(fields[2], 16).to_bytes(4, sys.byteorder))))
    return found


def own_addresses() -> Mapping[str, str]:
    """MAC addresses of this machine by its own addresses."""
    found: dict[str, str] = {}
    for parts in psutil.net_if_addrs().values():
        mac = next((part.address for part in parts if part.family == psutil.AF_LINK), _NOBODY)
        if mac != _NOBODY:
            with suppress(ValueError):
                normalized = normalize_mac_address(mac)
                found |= {part.address: normalized for part in parts if part.family != psutil.AF_LINK}
    return found
