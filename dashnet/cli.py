"""The `dashnet` command. Starts processes and talks to them; imports none of them."""

import asyncio
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from dashnet import __version__
from dashnet.cli_demo import demo_app
from dashnet.cli_devices import devices_app
from dashnet.cli_discover import discover
from dashnet.cli_secrets import secrets_app
from dashnet.errors import DashnetError
from dashnet.reading import State
from dashnet.settings import STATE_FOLDER, describe_wrong_settings

if TYPE_CHECKING:
    from dashnet.messages import ViewFields

app = typer.Typer(
    help="Dashnet: a live network panel that you can rehearse on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
jobs_app = typer.Typer(help="Ask for jobs, and see what became of them.", no_args_is_help=True)
app.add_typer(jobs_app, name="jobs")
app.add_typer(demo_app, name="demo")
app.add_typer(devices_app, name="devices")
app.command("discover")(discover)
app.add_typer(secrets_app, name="secrets")


class ReportFormat(StrEnum):
    """What a report can be made into."""

    HTML = "html"
    PDF = "pdf"
    CSV = "csv"
    JSON = "json"


StateFolder = Annotated[Path, typer.Option(hidden=True, help="Where the embedded stack keeps everything.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it ends and tell how; exit code 1 unless it was done.")]


def main() -> None:
    """Run the command; an error of ours is one line that says what to do, not a traceback."""
    try:
        app()
    except DashnetError as error:
        typer.echo(f"dashnet: {error.detail}", err=True)
        sys.exit(1)
    except ValidationError as error:
        typer.echo(f"dashnet: a setting (environment or .env) is wrong: {describe_wrong_settings(error)}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def up(state_folder: StateFolder = STATE_FOLDER) -> None:
    """Start the embedded stack in the foreground: Postgres, Redis and the three processes. Ctrl-C stops it."""
    from dashnet.embedded.commands import up

    up(state_folder)


@app.command()
def down(state_folder: StateFolder = STATE_FOLDER) -> None:
    """Stop the embedded stack of this checkout, from any terminal."""
    from dashnet.embedded.commands import down

    down(state_folder)


@app.command()
def watch(
    json: Annotated[bool, typer.Option("--json", help="Print each message on a line of its own instead.")] = False,
    url: Annotated[str | None, typer.Option(help="The app service to watch, such as http://127.0.0.1:5001.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the state once and end.")] = False,
    tag: Annotated[list[str] | None, typer.Option(help="Only devices with this tag; may be repeated.")] = None,
    device_type: Annotated[list[str] | None, typer.Option("--type", help="Only of this type; may be repeated.")] = None,
    state: Annotated[State | None, typer.Option(help="Only devices in this state.")] = None,
    search: Annotated[str | None, typer.Option(help="Only where name, type, system, address or tag has this.")] = None,
) -> None:
    """Watch devices live in this terminal; reconnects by itself."""
    from dashnet.watch import watch

    view: ViewFields = {"tags": tag, "device_types": device_type, "state": state, "search": search}
    _run(watch(url, as_json=json, once=once, view=view))


@app.command()
def conformance(
    url: Annotated[str | None, typer.Argument(help="The server to test, such as ws://127.0.0.1:5001.")] = None,
    password: Annotated[
        str | None, typer.Option(envvar="CRON_PASS", help="What the server wants before it refreshes.")
    ] = None,
) -> None:
    """Hold a server, ours or yours, to the websocket protocol of docs/protocol.md; exit code 1 if it fails.

    It asks for three refreshes and changes nothing else.
    """
    from dashnet.conformance.run import hold_to_protocol

    sys.exit(asyncio.run(hold_to_protocol(url, password)))


@app.command()
def doctor() -> None:
    """Say what is wrong with this set-up and what to do; exit code 1 if anything is."""
    from dashnet.doctor import examine

    sys.exit(asyncio.run(examine()))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it, such as dashnet-backup.zip.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file of this name.")] = False,
) -> None:
    """Write all devices, snapshots and the ledger to one file, while everything runs."""
    from dashnet.backups.dump import backup

    _run(backup(file, typer.echo, replace=force))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `dashnet backup` wrote. Restore only files that you trust.")],
    yes: Annotated[bool, typer.Option("--yes", help="Replace what is stored without asking.")] = False,
) -> None:
    """Put a backup in the place of all that is stored, while everything runs; all or nothing."""
    from dashnet.backups.restore import restore

    _run(restore(file, typer.echo, confirm=(lambda _: True) if yes else _confirm))


def _confirm(question: str) -> bool:
    if not sys.stdin.isatty():
        raise DashnetError(f"{question} Nobody is there to say yes: repeat it with --yes")
    return typer.confirm(question)


@app.command()
def upgrade() -> None:
    """Bring the tables to the version of this code; may be interrupted and repeated."""
    from dashnet.upgrade import upgrade

    _run(upgrade(typer.echo))


@jobs_app.command("refresh")
def request_refresh(wait: Wait = False) -> None:
    """Have every device read and stored now."""
    from dashnet.job_commands import request
    from dashnet.jobs import Job

    _run(request(Job.REFRESH, wait=wait))


@jobs_app.command("clean")
def request_clean(wait: Wait = False) -> None:
    """Have the simulated devices reset and expired snapshots dropped now."""
    from dashnet.job_commands import request
    from dashnet.jobs import Job

    _run(request(Job.CLEAN, wait=wait))


@jobs_app.command("list")
def list_runs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print the JSON of /api/job-runs instead.")] = False,
) -> None:
    """Show the ledger: what became of the latest ticks."""
    from dashnet.job_commands import show_runs

    _run(show_runs(limit, as_json=json))


@app.command()
def report(
    month: Annotated[str | None, typer.Option(help="Such as 2026-10; the last whole month without it.")] = None,
    format: Annotated[ReportFormat, typer.Option(help="What to make of it.")] = ReportFormat.HTML,
    output: Annotated[Path | None, typer.Option(help="Write it there, not to standard output.")] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the month and its days, such as Europe/Berlin.")] = "UTC",
) -> None:
    """Write a month's report: availability, outages, traffic, the busiest."""
    from dashnet.report_command import write_report

    _run(write_report(month, format.value, zone, output))


if __name__ == "__main__":
    main()
