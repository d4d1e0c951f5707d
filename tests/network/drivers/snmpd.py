"""Debian's snmpd as an agent of the test's own, in a temporary folder."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

_STOP_SECONDS = 10
# The second as Debian configures it: it lets nobody see interfaces.
COMMUNITIES = (
    "rocommunity public 127.0.0.1",
    "view systemonly included .1.3.6.1.2.1.1",
    "rocommunity little 127.0.0.1 -V systemonly",
)
USERS = {
    "signs": "SHA-256 sign-password",
    "crypts": "SHA-256 sign-password AES crypt-password",
    "old": "SHA sign-password AES crypt-password",
    "strong": "SHA-512 sign-password AES-256 crypt-password",
    "stretched": "SHA sign-password AES-256 crypt-password",
}


def find_snmpd() -> str:
    """The program; skips the test where there is none."""
    found = shutil.which("snmpd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if found is None:
        pytest.skip("there is no snmpd on this machine (Debian: apt-get install snmpd)")
    return found


@contextmanager
def run_snmpd(folder: Path, port: int, prefix: Sequence[str] = ()) -> Iterator["subprocess.Popen[bytes]"]:
    """An agent on a port of 127.0.0.1 with `COMMUNITIES` and `USERS`; `prefix` stands before its command."""
    program = find_snmpd()
    folder.mkdir(exist_ok=True)
    users = [f"createUser {user} {keys}" for user, keys in USERS.items()]
    rights = [f"rouser {user} {'priv' if 'AES' in keys else 'auth'}" for user, keys in USERS.items()]
    lines = [
        f"agentaddress udp:127.0.0.1:{port}",
        *COMMUNITIES,
        "sysName tester",
        "sysServices 72",
        *users,
        *rights,
    ]
    (folder / "agent.conf").write_text("\n".join(lines) + "\n")
    # Without MIBS="" it looks for files that Debian may not ship.
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
    command = [*prefix, program, "-f", "-C", "-c", str(folder / "agent.conf"), "-Le", "-p", str(folder / "pid")]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)
