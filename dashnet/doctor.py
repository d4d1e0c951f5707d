"""What `dashnet doctor` does: looks at everything, says what it found and what to do."""

import asyncio
import os
from collections.abc import Awaitable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashnet.checks.check import LONGEST_SECONDS, START_ADVICE, Check, CheckOutcome, describe_error, problem
from dashnet.checks.machine import check_control, check_machine, check_variables, describe_bad_settings, read_variables
from dashnet.checks.secrets import check_secrets
from dashnet.checks.servers import check_postgres, check_redis
from dashnet.checks.services import check_app_service, check_network_service, check_refreshes, check_rollups
from dashnet.settings import PROJECT_ROOT, STATE_FOLDER, Settings, get_settings

_STYLES = {CheckOutcome.OK: "green", CheckOutcome.NOTE: "cyan", CheckOutcome.PROBLEM: "bold red"}


async def examine() -> int:
    """Print one line per check of this set-up; 1 where anything is a problem, else 0."""
    checks = [*check_machine(STATE_FOLDER), *examine_variables(os.environ, PROJECT_ROOT / ".env")]
    try:
        checks += await examine_system(get_settings())
    except ValidationError as error:
        checks += describe_bad_settings(error)
    print_checks(checks, Console())
    return int(any(check.outcome is CheckOutcome.PROBLEM for check in checks))


def examine_variables(environment: Mapping[str, str], env_file: Path) -> Sequence[Check]:
    """Whether every DASHNET_ variable, set here or in the file, is a setting."""
    try:
        return check_variables(read_variables(environment, env_file))
    except (OSError, UnicodeDecodeError) as error:
        return [problem("variables", f"{env_file.name} cannot be read: {error}", "make it a readable text file")]


async def examine_system(settings: Settings) -> Sequence[Check]:
    """All that the settings lead to, looked at side by side; a look that fails is a problem and stops no other."""
    found = await asyncio.gather(
        _look("postgres", check_postgres(settings)),
        _look("redis", check_redis(settings)),
        _look("network service", _alone(check_network_service(settings))),
        _look("secrets", _alone(check_secrets(settings))),
        _look("app service", _alone(check_app_service(settings))),
        _look("last refresh", _alone(check_refreshes(settings))),
        _look("last rollup", _alone(check_rollups(settings))),
    )
    return [*chain.from_iterable(found), check_control(settings)]


async def _alone(check: Awaitable[Check]) -> Sequence[Check]:
    return [await check]


async def _look(name: str, checks: Awaitable[Sequence[Check]]) -> Sequence[Check]:
    try:
        async with asyncio.timeout(LONGEST_SECONDS + 1):
            return await checks
    except Exception as error:  # The edge: an answer that nobody foresaw must not hide what the others found.
        detail = f"the look itself failed: {type(error).__name__}: {describe_error(error)}"
        return [problem(name, detail, "please report this")]


def print_checks(checks: Sequence[Check], console: Console) -> None:
    """One line per check, wrapped in its column on a terminal, and what it comes to."""
    if console.is_terminal:
        table = Table.grid(padding=(0, 2, 0, 0))
        for check in checks:
            table.add_row(Text(check.outcome, style=_STYLES[check.outcome]), Text(check.name), Text(_to_words(check)))
        console.print(table)
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            line = f"{check.outcome:<7}  {check.name:<{width}}  {_to_words(check)}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(summarize(checks), markup=False, highlight=False, soft_wrap=True)


def _to_words(check: Check) -> str:
    return f"{check.detail} - {check.advice}" if check.advice else check.detail


def summarize(checks: Sequence[Check]) -> str:
    """The last line: how many problems there are, and whether Dashnet simply does not run."""
    silent = {check.name for check in checks if check.advice == START_ADVICE}
    count = sum(check.outcome is CheckOutcome.PROBLEM for check in checks)
    if {"network service", "app service"} <= silent:
        return "Dashnet does not run here. Start it with: make up"
    return f"{count} problem{'' if count == 1 else 's'} found." if count else "All is well."
