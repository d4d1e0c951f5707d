"""What `dashnet devices` does: an inventory as a file, and a file as the inventory, through the network service."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashnet.errors import Conflict, DashnetError, InvalidInput
from dashnet.fleet.csv_files import write_csv
from dashnet.fleet.diff import print_changes
from dashnet.fleet.entries import MOST_BYTES, Fleet
from dashnet.fleet.export import to_fleet
from dashnet.fleet.files import locate, name_of, read_fleet
from dashnet.fleet.formats import FileFormat
from dashnet.fleet.yaml_files import write_yaml
from dashnet.network_api import ask_network
from dashnet.settings import get_settings

# How a dry run ends that found something to do; 2 is a wrong command line.
EXIT_CHANGES = 3


async def fetch_devices() -> Sequence[dict[str, Any]]:
    """The whole inventory in id order, no device read.

    Raises:
        ServiceUnavailable: the network service is out of reach.
    """
    devices: Sequence[dict[str, Any]] = await ask_network(get_settings(), "GET", "/devices/", params={"read": "false"})
    return devices


async def export_fleet(file_format: FileFormat, output: Path | None) -> None:
    """Write the inventory, secrets left out, to a file or standard output.

    Raises:
        ServiceUnavailable: the network service is out of reach.
        DashnetError: the file cannot be written.
    """
    fleet = to_fleet(await fetch_devices())
    content = (write_yaml(fleet) if file_format is FileFormat.YAML else write_csv(fleet)).encode()
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        await asyncio.to_thread(output.write_bytes, content)
    except OSError as error:
        raise DashnetError(f"{output} cannot be written: {error.strerror}") from error
    print(f"wrote {len(fleet):,} devices to {output}", file=sys.stderr)  # noqa: T201


async def import_fleet(path: Path, file_format: FileFormat | None, driver: str | None) -> None:
    """Add the devices of a file, and change those that are there; a field that the file leaves out stays as it is.

    Raises:
        ServiceUnavailable: the network service is out of reach.
        InvalidInput: the file or a device in it is wrong, nothing was changed; tells each line.
    """
    fleet, found = await asyncio.to_thread(read_fleet, path, file_format)
    usual = "icmp" if found is FileFormat.NETBOX else "simulated"
    _print_notes(fleet)
    print_changes(await _put(path, fleet, left_out="keep", new_driver=driver or usual), Console())


async def apply_fleet(
    path: Path,
    file_format: FileFormat | None,
    *,
    dry_run: bool,
    prune: bool,
    confirm: Callable[[str], bool],
) -> int:
    """Bring each device of a file to what the file says, with `prune` the whole inventory; the exit code.

    A field that the file leaves out becomes its default; a secret stays. `confirm` is asked before devices are removed.

    Raises:
        ServiceUnavailable, InvalidInput: as `import_fleet`.
    """
    fleet, _ = await asyncio.to_thread(read_fleet, path, file_format)
    _print_notes(fleet)
    if prune and not dry_run:
        removed = (await _put(path, fleet, dry_run="true", prune="true"))["removed"]
        names = ", ".join(device["host_name"] for device in removed[:5]) + (", ..." if len(removed) > 5 else "")
        if removed and not await asyncio.to_thread(
            confirm, f"Remove {len(removed):,} devices that {path} does not have ({names})?"
        ):
            raise DashnetError("nothing was changed")
    flags = {"dry_run": str(dry_run).lower(), "prune": str(prune).lower()}
    changes = await _put(path, fleet, **flags)
    print_changes(changes, Console())
    has_changes = bool(changes["created"] or changes["changed"] or changes["removed"])
    return EXIT_CHANGES if dry_run and has_changes else 0


def _print_notes(fleet: Fleet) -> None:
    for line in (*fleet.notes, *fleet.left_out):
        print(line, file=sys.stderr)  # noqa: T201


async def _put(path: Path, fleet: Fleet, **parameters: str) -> Any:  # the service's FleetChanges
    body = orjson.dumps([dict(entry.fields) for entry in fleet.entries])
    if len(body) > MOST_BYTES:
        raise DashnetError(f"{path} holds more than {MOST_BYTES:,} bytes of devices, the most that is taken at once")
    headers = {"content-type": "application/json"}
    try:
        return await ask_network(get_settings(), "PUT", "/devices/", params=parameters, content=body, headers=headers)
    except (InvalidInput, Conflict) as error:
        raise locate(name_of(path), fleet, error) from None


async def list_devices(*, as_json: bool) -> None:
    """Print the inventory.

    Raises:
        ServiceUnavailable: the network service is out of reach.
    """
    devices = await fetch_devices()
    if as_json:
        print(orjson.dumps(devices, option=orjson.OPT_INDENT_2).decode())  # noqa: T201
        return
    names = {device["id"]: device["host_name"] for device in devices}
    table = Table(box=None, pad_edge=False)
    for title in ("id", "host name", "type", "address", "MAC address", "driver", "behind", "tags"):
        whole = title in ("id", "address", "MAC address", "driver")
        table.add_column(title, justify="right" if title == "id" else "left", overflow="fold", no_wrap=whole)
    for device in devices:
        fields = [device[name] or "" for name in ("host_name", "device_type", "ip_address", "mac_address", "driver")]
        cells = [str(device["id"]), *fields, names.get(device["parent_id"], ""), ", ".join(device["tags"])]
        table.add_row(*map(Text, cells))
    Console().print(table)
