"""How a child becomes its command."""

import os
import signal
import subprocess
import sys

import pytest

from dashnet.embedded.child import launch_command
from dashnet.embedded.launch import Account, Launch

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the account")


def _run(command: tuple[str, ...], account: Account | None) -> "subprocess.CompletedProcess[str]":
    launch = launch_command(command, signal.SIGTERM, account)
    return subprocess.run(launch, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize("account", [None, Account(65534, 65534, keep_override=True)])
def test_launch_survives_the_command_line(account: Account | None) -> None:
    launch = Launch(12, 15, account)
    assert Launch.from_json(launch.to_json()) == launch


def test_child_whose_parent_is_already_gone_does_not_start() -> None:
    launch = Launch(parent_pid=1, death_signal=15)
    command = [sys.executable, "-I", "-S", sys.modules[Launch.__module__].__file__ or "", launch.to_json(), "echo", "x"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (result.returncode, result.stdout, result.stderr.strip()) == (1, "", "the supervisor is gone")


@needs_root
def test_changed_account_has_no_groups_and_no_capabilities() -> None:
    result = _run(("sh", "-c", "id -u; id -G; grep -E 'Cap(Prm|Eff|Amb)' /proc/self/status"), Account(65534, 65534))
    assert result.stdout.split() == [
        *("65534", "65534", "CapPrm:", "0" * 16, "CapEff:", "0" * 16, "CapAmb:", "0" * 16),
    ]


@needs_root
def test_account_that_must_pass_closed_folders_has_that_one_capability() -> None:
    account = Account(65534, 65534, keep_override=True)
    result = _run(("sh", "-c", "id -u; grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status"), account)
    only = "0000000000000002"
    assert result.stdout.split() == ["65534", "CapInh:", only, "CapPrm:", only, "CapEff:", only, "CapAmb:", only]
