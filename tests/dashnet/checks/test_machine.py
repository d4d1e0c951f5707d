from collections import namedtuple
from pathlib import Path

import pytest
from pydantic import ValidationError

from dashnet.checks.check import CheckOutcome
from dashnet.checks.machine import (
    check_control,
    check_disk,
    check_python,
    check_stack,
    check_variables,
    describe_bad_settings,
    known_variables,
    read_variables,
)
from dashnet.embedded.lock import hold_lock
from tests.conftest import make_settings

HERE = "the environment"
Usage = namedtuple("Usage", "total used free")  # as shutil's own


@pytest.mark.parametrize(("version", "outcome"), [((3, 11, 0), "ok"), ((3, 14, 2), "ok"), ((3, 10, 9), "problem")])
def test_a_python_that_is_too_old_is_a_problem(version: tuple[int, int, int], outcome: str) -> None:
    assert check_python(version).outcome == outcome


def test_every_setting_is_known_and_cron_pass_keeps_its_name() -> None:
    assert {"DASHNET_APP_PORT", "DASHNET_DATABASE_URL", "CRON_PASS"} <= known_variables()
    assert "DASHNET_CRON_PASS" not in known_variables()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("DASHNET_APP_PROT", "DASHNET_APP_PORT"),
        ("DASHNET_DATABSE_URL", "DASHNET_DATABASE_URL"),
        ("dashnet_redis_ulr", "DASHNET_REDIS_URL"),
        ("DASHNET_CRON_PASS", "CRON_PASS"),
    ],
)
def test_an_unknown_variable_is_a_problem_that_names_the_nearest_setting(variable: str, meant: str) -> None:
    (check,) = check_variables({variable: HERE})
    assert check.outcome is CheckOutcome.PROBLEM
    assert variable in check.detail
    assert check.advice == f"did you mean {meant}?"


def test_a_variable_like_no_setting_is_to_be_removed() -> None:
    (check,) = check_variables({"DASHNET_XYZZY_QQ": ".env"})
    assert check.outcome is CheckOutcome.PROBLEM
    assert check.advice.startswith("remove it")


def test_each_unknown_variable_is_a_line_of_its_own() -> None:
    assert len(check_variables({"DASHNET_ONE": HERE, "DASHNET_TWO": ".env", "DASHNET_SEED": HERE})) == 2


@pytest.mark.parametrize("variable", ["DASHNET_APP_PORT", "dashnet_app_port", "PATH", "CRON_PASS"])
def test_a_known_variable_and_one_of_others_are_fine(variable: str) -> None:
    (check,) = check_variables({variable: HERE})
    assert check.outcome is CheckOutcome.OK


def test_variables_are_read_from_the_environment_and_from_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("# ours\nDASHNET_SEED=7\nexport DASHNET_APP_PORT='5002'\n")
    assert read_variables({"PATH": "/bin"}, env_file) == {
        "DASHNET_SEED": ".env",
        "DASHNET_APP_PORT": ".env",
        "PATH": HERE,
    }


def test_a_missing_file_is_fine(tmp_path: Path) -> None:
    assert read_variables({}, tmp_path / ".env") == {}


def test_a_bad_value_is_named_and_not_shown() -> None:
    with pytest.raises(ValidationError) as error:
        make_settings(app_port="geheim")
    (check,) = describe_bad_settings(error.value)
    assert check.detail.startswith("DASHNET_APP_PORT: ")
    assert "geheim" not in check.detail


def test_without_a_stack_there_is_a_note_with_the_way_to_one(tmp_path: Path) -> None:
    check = check_stack(tmp_path)
    assert check.outcome is CheckOutcome.NOTE
    assert "make up" in check.detail


def test_a_running_stack_is_fine(tmp_path: Path) -> None:
    (tmp_path / "stack.env").touch()
    with hold_lock(tmp_path / "supervisor.lock"):
        assert check_stack(tmp_path).outcome is CheckOutcome.OK


def test_addresses_that_a_killed_stack_left_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "stack.env").touch()
    assert check_stack(tmp_path).outcome is CheckOutcome.PROBLEM


@pytest.mark.parametrize(("free", "outcome"), [(10**9, "ok"), (10**9 - 1, "problem")])
def test_less_than_a_gigabyte_free_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, outcome: str
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(2 * 10**9, 0, free))
    assert check_disk(tmp_path).outcome == outcome


def test_the_disk_of_a_folder_that_is_not_there_yet_is_that_of_its_parent(tmp_path: Path) -> None:
    assert "GB free beside .dashnet" in check_disk(tmp_path / "missing" / ".dashnet").detail


@pytest.mark.parametrize(
    ("host", "password", "outcome"),
    [
        ("127.0.0.1", None, "ok"),
        ("::1", None, "ok"),
        ("localhost", None, "ok"),
        ("0.0.0.0", None, "problem"),
        ("192.168.1.5", None, "problem"),
        ("0.0.0.0", "geheim", "ok"),
    ],
)
def test_an_app_service_open_to_others_without_cron_pass_is_a_problem(
    host: str, password: str | None, outcome: str
) -> None:
    check = check_control(make_settings(app_host=host, CRON_PASS=password))
    assert check.outcome == outcome
    assert "geheim" not in check.detail
