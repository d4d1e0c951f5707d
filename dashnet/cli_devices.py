"""`dashnet devices`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from dashnet.errors import DashnetError
from dashnet.fleet.formats import ExportFormat, FileFormat

devices_app = typer.Typer(help="The inventory as a file, and a file as the inventory.", no_args_is_help=True)

FleetFile = Annotated[Path, typer.Argument(help="A .yaml or .csv file; - is standard input, with --format.")]
Format = Annotated[
    FileFormat | None, typer.Option("--format", help="What the file is; else its name tells, and a CSV's header.")
]


@devices_app.command("list")
def list_devices(
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Show all devices of the inventory."""
    from dashnet.fleet.commands import list_devices

    asyncio.run(list_devices(as_json=json))


@devices_app.command("export")
def export(
    format: Annotated[ExportFormat, typer.Option(help="What to write.")] = ExportFormat.YAML,
    output: Annotated[Path | None, typer.Option(help="Write it there, not to standard output.")] = None,
) -> None:
    """Write the inventory as a file that import and apply read. Secrets are left out, parents go by name."""
    from dashnet.fleet.commands import export_fleet

    asyncio.run(export_fleet(FileFormat(format.value), output))


@devices_app.command("import")
def import_devices(
    file: FleetFile,
    format: Format = None,
    driver: Annotated[
        str | None,
        typer.Option(help="Driver of new devices that name none; simulated without it, icmp for NetBox."),
    ] = None,
) -> None:
    """Add the devices of a file and change those that are there, told apart by MAC address; all or nothing.

    A field that the file leaves out stays as it is, and so does every device that is not in it.
    """
    from dashnet.fleet.commands import import_fleet

    asyncio.run(import_fleet(file, format, driver))


@devices_app.command("apply")
def apply(
    file: FleetFile,
    format: Format = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change; exit code 3 if anything would.")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove every device that the file does not have.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them without asking.")] = False,
) -> None:
    """Make each device of a file what the file says, and show what that changed; all or nothing, twice is as once.

    A field that the file leaves out becomes its default; a secret that it leaves out stays.

    Exit codes: 0 done or nothing to do, 3 a dry run found something to do, 1 an error and nothing changed,
    2 a wrong command line.
    """
    from dashnet.fleet.commands import apply_fleet

    confirm = (lambda _: True) if yes else _confirm
    sys.exit(asyncio.run(apply_fleet(file, format, dry_run=dry_run, prune=prune, confirm=confirm)))


def _confirm(question: str) -> bool:
    if not sys.stdin.isatty():
        raise DashnetError(f"{question} Nobody is there to say yes: repeat it with --yes; nothing was changed")
    return typer.confirm(question)
