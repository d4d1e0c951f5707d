"""compose.yaml on a real Docker engine: the stack starts, heals and keeps its data. Run by `make test-compose`."""

import json
from pathlib import Path

import pytest

from tests.containers.stack import OURS, Stack

SERVERS = ("postgres", "redis")

pytestmark = pytest.mark.timeout(900)


def test_the_screen_and_both_feeds_answer(stack: Stack) -> None:
    stack.wait_until_ready()
    assert '<div id="root">' in stack.fetch("/")
    assert len(json.loads(stack.fetch("/api/network"))) == 12
    live = stack.first_message("/live")
    assert isinstance(live, dict)
    assert live["type"] == "state"


def test_no_container_takes_itself_for_this_machine(stack: Stack) -> None:
    devices = json.loads(stack.fetch("/api/devices"))
    assert {device["driver"] for device in devices} == {"simulated"}


def test_a_refresh_asked_for_is_done(stack: Stack) -> None:
    before = stack.done_refreshes()
    stack.refresh()
    assert stack.done_refreshes() > before


@pytest.mark.parametrize("service", OURS)
def test_the_doctor_finds_nothing_wrong(stack: Stack, service: str) -> None:
    assert "All is well." in stack.dashnet(service, "doctor")


def test_the_image_holds_no_pip(stack: Stack) -> None:
    listed = stack.compose("exec", "--no-TTY", "app", "sh", "-c", "ls /venv/lib/python3.*/site-packages")
    assert {"pip", "setuptools"}.isdisjoint(listed.split())


@pytest.mark.parametrize("service", [*OURS, *SERVERS])
def test_a_killed_service_is_started_again_and_refreshes_go_on(stack: Stack, service: str) -> None:
    before = stack.started_at(service)
    try:
        stack.kill(service)
    except OSError as error:
        pytest.skip(f"the engine's processes cannot be killed from here: {error}")
    stack.wait_until(lambda: stack.started_at(service) != before)
    stack.wait_until_ready()
    stack.wait_until(lambda: _refreshes(stack))


def _refreshes(stack: Stack) -> bool:
    before = stack.done_refreshes()
    stack.refresh()
    return stack.done_refreshes() > before


@pytest.mark.parametrize("service", OURS)
def test_a_service_that_hangs_is_ended_by_its_watchdog_and_started_again(stack: Stack, service: str) -> None:
    before = stack.started_at(service)
    stack.stop_process(service)
    stack.wait_until(lambda: stack.started_at(service) != before)
    stack.wait_until_ready()


def test_all_come_back_from_a_second_and_a_third_start_of_the_same_containers(stack: Stack) -> None:
    stack.compose("restart")
    stack.wait_until_ready()
    stack.compose("stop")
    stack.compose("start")
    stack.wait_until_ready()
    stack.wait_until(lambda: _refreshes(stack))


def test_several_processes_of_the_app_service_come_back_from_a_restart_too(stack: Stack) -> None:
    stack.compose("up", "--detach", "--wait", DASHNET_APP_PROCESSES="2")
    stack.compose("restart", "app", DASHNET_APP_PROCESSES="2")
    stack.wait_until_ready()
    assert "dashnet_" in stack.fetch("/metrics")
    stack.compose("up", "--detach", "--wait")


def test_the_data_outlive_the_containers(stack: Stack) -> None:
    before = stack.done_refreshes()
    stack.compose("down")
    stack.compose("up", "--detach", "--wait")
    stack.wait_until_ready()
    assert stack.done_refreshes() >= before > 0


def test_a_backup_is_written_and_restored_with_the_command_of_the_documentation(stack: Stack, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    run = ("run", "--rm", "--no-deps", "--no-TTY", "--user", "1234:1234", "--volume", f"{tmp_path}:/backups", "worker")
    stack.compose(*run, "dashnet", "backup", "/backups/monday.zip")
    assert (tmp_path / "monday.zip").stat().st_mode & 0o777 == 0o600
    before = json.loads(stack.fetch("/api/devices"))
    stack.compose(*run, "dashnet", "restore", "/backups/monday.zip", "--yes")
    stack.wait_until_ready()
    assert [one["mac_address"] for one in json.loads(stack.fetch("/api/devices"))] == [
        one["mac_address"] for one in before
    ]
