"""Simulated SNMP agents on this machine's own loopback addresses: where they are, and how they are started."""

import os
import sys

from dashnet.settings import get_settings

# Not SNMP's own port 161, which only root may take.
PORT = 1161
COMMUNITY = "public"
MOST_AGENTS = 200
_PROGRAM = "services.network.demo_agents.main"


def run_agents(count: int, port: int, community: str) -> None:
    """Become the process that runs them; it ends at Ctrl-C."""
    seed = str(get_settings().seed)
    options = ["--count", str(count), "--port", str(port), f"--community={community}", "--seed", seed]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", _PROGRAM, *options])
