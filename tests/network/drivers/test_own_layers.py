import json
import subprocess
import sys
from pathlib import Path

import psutil

from services.network.drivers.own_layers import find_own_repeats
from tests.network.drivers.namespaces import make_cable

ROOT = Path(__file__).parents[3]
# No name says what it is, and a kernel that lacks one of these has the others.
COMMANDS = {
    "left0": "link add left0 type veth peer name right0",
    "office": "link add link cable0 name office type vlan id 20",
    "home": "link add home type bridge",
    "both": "link add both type bond",
    "road": "tuntap add road mode tun",
}
MEMBERS = "link set left0 master home"
FIND = (
    "import json, psutil; from services.network.drivers.own_layers import find_own_repeats; "
    "print(json.dumps(sorted(find_own_repeats(psutil.net_if_stats()))))"
)


def test_what_linux_makes_of_ports_repeats_them_whatever_its_name() -> None:
    with make_cable() as cable:
        ip = ["ip", "-n", cable.near]
        made = {
            name for name, one in COMMANDS.items() if subprocess.run([*ip, *one.split()], timeout=10).returncode == 0
        }
        subprocess.run([*ip, *MEMBERS.split()], timeout=10)
        # A process of its own there sees the namespace's /sys.
        inside = ["ip", "netns", "exec", cable.near, sys.executable, "-c", FIND]
        found = json.loads(subprocess.run(inside, cwd=ROOT, check=True, capture_output=True, timeout=30).stdout)
    assert set(found) == made - {"left0"}


def test_one_interface_repeats_no_other() -> None:
    name = next(iter(psutil.net_if_stats()))
    assert find_own_repeats([name]) == frozenset()
