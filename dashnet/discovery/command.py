"""What `dashnet discover` does, through the network service."""

import asyncio
import contextlib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from dashnet.discovery.choice import Found, choose, to_entries
from dashnet.discovery.credentials import to_variables
from dashnet.discovery.table import print_found
from dashnet.errors import DashnetError
from dashnet.fleet.diff import print_changes
from dashnet.fleet.yaml_files import write_yaml
from dashnet.network_api import ask_network
from dashnet.settings import get_settings
from dashnet.tasks import cancel_and_wait

POLL_SECONDS = 0.5
# What a Ctrl-C waits for at the most until the service has ended the discovery.
_END_SECONDS = 10.0
_PATH = "/discoveries/"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What becomes of what is found: `add` as in `choose` (null: ask), and `output`, a file for those instead."""

    add: str | None
    output: Path | None
    as_json: bool


async def discover(asked: Mapping[str, Any], wishes: Wishes, ask: Callable[[str], str] | None) -> None:
    """Have a network looked at and show who is there; add whom somebody picks. `ask` is null where nobody can answer.

    Ctrl-C ends the discovery too.

    Raises:
        ServiceUnavailable: the network service is out of reach.
        InvalidInput, Conflict: it refuses; nothing was added.
        DashnetError: the discovery failed, or the file cannot be written.
    """
    console = Console(stderr=True)
    run = await _explore(asked, console)
    for note in run["notes"]:
        console.print(f"note: {note}", soft_wrap=True, markup=False)
    if wishes.as_json:
        print(orjson.dumps(run, option=orjson.OPT_INDENT_2).decode())  # noqa: T201
    else:
        _tell(run)
    _check_outcome(run)
    chosen = await asyncio.to_thread(_pick, run["found"], wishes, ask)
    if chosen:
        await _take(chosen, run["found"], asked["credentials"], wishes)


async def _explore(asked: Mapping[str, Any], console: Console) -> Any:  # the service's DiscoveryPublic
    """Begin a discovery and follow it to its end, or end it where we are cut off."""
    # In a task of its own: cut off while it is being begun, we still need its id.
    beginning = asyncio.create_task(ask_network(get_settings(), "POST", _PATH, json=dict(asked)))
    try:
        begun = await asyncio.shield(beginning)
        return await _follow(begun["id"], console)
    except asyncio.CancelledError:
        ending = asyncio.create_task(_end(beginning))
        await asyncio.wait([ending], timeout=_END_SECONDS)
        await cancel_and_wait(ending)
        raise


async def _end(beginning: asyncio.Task[Any]) -> None:
    with contextlib.suppress(DashnetError):
        begun = await beginning
        await ask_network(get_settings(), "DELETE", f"{_PATH}{begun['id']}")


async def _follow(discovery_id: str, console: Console) -> Any:  # the service's DiscoveryPublic
    """Show how far it has come until it ends."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("waiting", total=1.0)
        while True:
            runs = await ask_network(get_settings(), "GET", _PATH)
            run = next((one for one in runs if one["id"] == discovery_id), None)
            if run is None:
                raise DashnetError("the discovery was forgotten: Redis lost it, or somebody removed it")
            told = f"{run['stage']}, {run['found_count']:,} found"
            progress.update(task, description=told, completed=run["progress"])
            if run["outcome"]:
                return await ask_network(get_settings(), "GET", f"{_PATH}{discovery_id}")
            await asyncio.sleep(POLL_SECONDS)


def _tell(run: Mapping[str, Any]) -> None:
    print_found(run["found"], Console())
    known = sum(one["known_device_id"] is not None for one in run["found"])
    print(f"{run['found_count']:,} of {run['address_count']:,} addresses answer, {known:,} are known")  # noqa: T201


def _check_outcome(run: Mapping[str, Any]) -> None:
    if run["outcome"] != "done":
        reason = f": {run['error']}" if run["error"] else ""
        raise DashnetError(f"the discovery is {run['outcome'].replace('_', ' ')}{reason}; nothing was added")


def _pick(found: Sequence[Found], wishes: Wishes, ask: Callable[[str], str] | None) -> Sequence[Found]:
    """Whom to add; asks again until the answer means something."""
    if wishes.add is not None:
        try:
            return choose(wishes.add, found)
        except ValueError as error:
            raise DashnetError(f"--add {error}; nothing was added") from None
    if wishes.output is not None:
        return choose("all", found)
    if ask is None or wishes.as_json or not choose("all", found):
        return []
    while True:
        try:
            return choose(ask("Add which? Numbers and ranges such as 1,3-5, or all, snmp, none"), found)
        except ValueError as error:
            print(error)  # noqa: T201


async def _take(
    chosen: Sequence[Found], found: Sequence[Found], credentials: Sequence[Mapping[str, Any]], wishes: Wishes
) -> None:
    if wishes.output is not None:
        entries = to_entries(chosen, found, to_variables(credentials))
        await asyncio.to_thread(_write, wishes.output, entries)
        return
    entries = to_entries(chosen, found, credentials)
    changes = await ask_network(get_settings(), "PUT", "/devices/", params={"left_out": "keep"}, json=entries)
    print_changes(changes, Console(stderr=wishes.as_json))


def _write(output: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    # Written as what it stands for, a variable would be escaped; this is meant to be one.
    content = write_yaml(entries).replace("$${SNMP_", "${SNMP_")
    try:
        output.write_text(content, encoding="utf-8")
    except OSError as error:
        raise DashnetError(f"{output} cannot be written: {error.strerror}") from error
    variables = sorted(set(re.findall(r"\$\{(SNMP_[A-Z_0-9]+)\}", content)))
    told = f"; set {', '.join(variables)} when you apply it" if variables else ""
    print(f"wrote {len(entries):,} devices to {output}{told}", file=sys.stderr)  # noqa: T201
