import io
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis
from rich.console import Console

from dashnet.channels import worker_health_key
from dashnet.checks.check import START_ADVICE, Check, note, ok, problem
from dashnet.doctor import examine, examine_system, examine_variables, print_checks, summarize
from dashnet.settings import Settings
from tests.conftest import make_settings
from tests.ports import free_port
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.partitions import ensure_partitions
from workers.refresh import refresh
from workers.rollup import rollup

CHECKS = [ok("disk", "10 GB free"), note("redis", "[bold]x"), problem("app service", "away", START_ADVICE)]


def settings_of_nothing() -> Settings:
    """A set-up of which no part runs."""
    return make_settings(
        database_url=f"postgresql+asyncpg://dashnet:geheim@127.0.0.1:{free_port()}/dashnet",
        redis_url=f"redis://:geheim@127.0.0.1:{free_port()}/0",
        network_port=free_port(),
        app_port=free_port(),
    )


def problems(checks: list[Check]) -> set[str]:
    return {check.name for check in checks if check.outcome == "problem"}


def printed(checks: list[Check], *, is_terminal: bool) -> list[str]:
    console = Console(file=io.StringIO(), width=60, force_terminal=is_terminal, color_system=None)
    with console.capture() as capture:
        print_checks(checks, console)
    return capture.get().splitlines()


async def test_nothing_is_wrong_with_a_healthy_system(
    settings: Settings, network: httpx.AsyncClient, app: httpx.AsyncClient, context: WorkerContext, redis: Redis
) -> None:
    await ensure_partitions(context.engine, coming_days(datetime.now(UTC)))
    now = datetime.now(UTC).replace(microsecond=0)
    await refresh(context, now, "test")
    await rollup(context, now, "test")
    await redis.set(worker_health_key(settings), "alive")
    checks = await examine_system(settings)
    assert {check.outcome.value for check in checks} == {"ok"}


async def test_with_nothing_up_each_part_is_named_and_make_up_is_the_answer() -> None:
    checks = [*await examine_system(settings_of_nothing())]
    assert problems(checks) == {"postgres", "redis", "network service", "app service"}
    assert summarize(checks) == "Dashnet does not run here. Start it with: make up"


async def test_no_password_is_ever_printed() -> None:
    checks = [*await examine_system(settings_of_nothing())]
    assert "geheim" not in "\n".join(printed(checks, is_terminal=False))


async def test_an_unreachable_redis_hides_nothing_of_postgres(settings: Settings) -> None:
    broken = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}/0"})
    checks = [*await examine_system(broken)]
    assert "redis" in problems(checks)
    assert {"postgres", "tables"}.isdisjoint(problems(checks))


async def test_a_look_that_fails_unforeseen_is_a_problem_and_stops_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Settings) -> Check:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("dashnet.doctor.check_refreshes", fail)
    checks = [*await examine_system(settings)]
    (failed,) = [check for check in checks if "unforeseen" in check.detail]
    assert failed.name == "last refresh"
    assert {"postgres", "redis", "control"} <= {check.name for check in checks}


def test_a_file_of_variables_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"DASHNET_SEED=\xff\xfe\n")
    (check,) = examine_variables({}, env_file)
    assert (check.name, check.outcome) == ("variables", "problem")


async def test_a_problem_makes_the_exit_code_one_and_every_line_begins_with_its_outcome(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dashnet.doctor.get_settings", settings_of_nothing)
    monkeypatch.setenv("DASHNET_APP_PROT", "5002")
    assert await examine() == 1
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines[:-1]} == {"ok", "note", "problem"}
    assert "did you mean DASHNET_APP_PORT?" in "\n".join(lines)


async def test_a_setting_of_a_wrong_value_is_told_instead_of_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dashnet.doctor.get_settings", Settings)
    monkeypatch.setenv("DASHNET_APP_PORT", "geheim")
    assert await examine() == 1
    out = capsys.readouterr().out
    assert "DASHNET_APP_PORT" in out
    assert "geheim" not in out


def test_in_a_pipe_each_check_is_one_line_without_control_codes() -> None:
    lines = printed([*CHECKS, ok("long", "x " * 200)], is_terminal=False)
    assert len(lines) == 5
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_line_holds_outcome_name_detail_and_advice(is_terminal: bool) -> None:
    line = printed(CHECKS, is_terminal=is_terminal)[2]
    assert line.split("  ")[0] == "problem"
    assert "away - start Dashnet with: make up" in line


@pytest.mark.parametrize("is_terminal", [True, False])
def test_markup_in_a_detail_is_shown_as_it_is(is_terminal: bool) -> None:
    assert "[bold]x" in printed(CHECKS, is_terminal=is_terminal)[1]


@pytest.mark.parametrize(
    ("checks", "summary"),
    [
        (CHECKS[:2], "All is well."),
        (CHECKS, "1 problem found."),
        ([*CHECKS, problem("disk", "full", "make room")], "2 problems found."),
    ],
)
def test_the_last_line_counts_the_problems(checks: list[Check], summary: str) -> None:
    assert summarize(checks) == summary
