"""The whole stack in a process of its own, with stand-ins for Dashnet's processes."""

import os
import signal
import socket
from pathlib import Path

import pytest
from dotenv import dotenv_values

from dashnet.embedded.launch import Account
from dashnet.embedded.stack import run_stack
from dashnet.errors import StackError
from tests.dashnet.embedded.stand_ins import (
    DEADLINE_SECONDS,
    is_running,
    read_until,
    running_pids,
    running_stack,
    stand_in_services,
    wait_until,
)

NAMES = {"postgres", "redis", "network", "app", "worker"}


def test_sigterm_stops_all_in_reverse_order_and_ends_well(state_folder: Path) -> None:
    with running_stack(state_folder) as stack:
        stack.send_signal(signal.SIGTERM)
        lines = read_until(stack, "All is stopped.")
        stopped = [line.split()[0] for line in lines if "stopped after" in line]
        assert set(stopped[:2]) == {"worker", "app"}
        assert stopped[2:] == ["network", "redis", "postgres"]
        assert stack.wait(DEADLINE_SECONDS) == 0


def test_kill_9_of_the_supervisor_leaves_no_child_and_the_next_start_works(state_folder: Path) -> None:
    with running_stack(state_folder) as stack:
        pids = running_pids(state_folder)
        assert set(pids) == NAMES
        stack.kill()
        wait_until(lambda: not any(is_running(pid) for pid in pids.values()))
    with running_stack(state_folder):
        assert set(running_pids(state_folder)) == NAMES


def test_next_start_right_after_kill_9_waits_for_what_still_ends(state_folder: Path) -> None:
    with running_stack(state_folder) as stack:
        stack.kill()
        with running_stack(state_folder):
            assert set(running_pids(state_folder)) == NAMES


@pytest.mark.parametrize("name", ["postgres", "redis", "network", "app", "worker"])
def test_process_killed_by_9_comes_back_by_itself(shared_stack: Path, name: str) -> None:
    killed = running_pids(shared_stack)[name]
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running_pids(shared_stack).get(name, killed) != killed)


def test_second_start_on_the_same_folder_is_refused(shared_stack: Path) -> None:
    with pytest.raises(StackError, match=r"already runs \(process \d+\).*make down"):
        run_stack(shared_stack, print, stand_in_services)


def test_addresses_stand_in_stack_env_while_it_runs(state_folder: Path) -> None:
    with running_stack(state_folder) as stack:
        values = dotenv_values(state_folder / "stack.env")
        assert values["DASHNET_REDIS_URL"] == f"unix://{state_folder}/run/redis.sock?db=0"
        assert {"DASHNET_DATABASE_URL", "DASHNET_NETWORK_PORT", "DASHNET_APP_HOST"} < set(values)
        stack.send_signal(signal.SIGINT)
        read_until(stack, "All is stopped.")
        assert not (state_folder / "stack.env").exists()


def test_taken_port_names_the_setting_before_anything_starts(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("DASHNET_APP_PORT", str(server.getsockname()[1]))
        with pytest.raises(StackError, match="DASHNET_APP_PORT"):
            run_stack(state_folder, print, stand_in_services)
    assert not (state_folder / "postgres").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_ordinary_user_runs_it_without_a_copy_of_postgres(state_folder: Path) -> None:
    os.chown(state_folder.parent, 65534, 65534)
    with running_stack(state_folder, Account(65534, 65534, keep_override=True)):
        owners = {path.stat().st_uid for path in state_folder.iterdir()}
    assert (owners, (state_folder / "bin").exists()) == ({65534}, False)


def test_second_signal_kills_at_once(state_folder: Path) -> None:
    with running_stack(state_folder) as stack:
        os.kill(running_pids(state_folder)["worker"], signal.SIGSTOP)
        stack.send_signal(signal.SIGINT)
        read_until(stack, "once more kills")
        stack.send_signal(signal.SIGINT)
        read_until(stack, "All is stopped.")
        assert stack.wait(DEADLINE_SECONDS) == 0
