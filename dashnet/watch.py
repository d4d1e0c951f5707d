"""What `dashnet watch` does: follows /live and shows it, on a screen, as lines, or as JSON."""

import asyncio
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime

import orjson
from rich.console import Console
from rich.live import Live

from dashnet.client import LinkLost, LiveClient
from dashnet.errors import ServiceUnavailable
from dashnet.messages import Received, ViewFields
from dashnet.panel_table import Link, Screen, draw, to_plain_lines
from dashnet.panel_view import PanelView
from dashnet.quiet_end import end_quietly
from dashnet.settings import get_settings

_DRAW_SECONDS = 1.0


async def watch(
    url: str | None, *, as_json: bool, once: bool, console: Console | None = None, view: ViewFields | None = None
) -> None:
    """Show devices of the app service at `url`, or of the settings, until Ctrl-C; with `once` only its state.

    Raises:
        DashnetError: `url` is no address, or there can be no such view.
        ServiceUnavailable: with `once`, there is no app service or it has no state.
    """
    url = url or get_settings().app_address
    client = LiveClient(url, **(view or {}))
    console = console or Console()
    async with end_quietly(), client:
        if once:
            await _show_once(url, client, console, as_json=as_json)
        elif as_json or not console.is_terminal:
            await _print_all(url, client, as_json=as_json)
        else:
            await _draw_all(url, client, console)


async def _show_once(url: str, client: LiveClient, console: Console, *, as_json: bool) -> None:
    event = await anext(aiter(client))
    if isinstance(event, LinkLost):
        hint = "start Dashnet with: make up"
        raise ServiceUnavailable(f"the app service at {url} is out of reach: {event.reason}; {hint}")
    view = PanelView()
    view.apply(event)
    if console.is_terminal and not as_json:
        console.print(draw(view, Link(url), datetime.now(UTC), Screen(console.width)))
    else:
        _print(event, view, url, as_json=as_json)


async def _print_all(url: str, client: LiveClient, *, as_json: bool) -> None:
    """For programs: standard output holds nothing but messages or tables, notices go to standard error."""
    view = PanelView()
    is_lost = False
    async for event in client:
        if isinstance(event, LinkLost):
            if not is_lost:
                _tell(f"link to {url} lost ({event.reason}), trying again until it is back")
            is_lost = True
            continue
        if is_lost:
            _tell(f"connected to {url} again")
        is_lost = False
        view.apply(event)
        _print(event, view, url, as_json=as_json)


def _print(message: Received, view: PanelView, url: str, *, as_json: bool) -> None:
    table = [] if as_json else [*to_plain_lines(view, Link(url), datetime.now(UTC)), ""]
    sys.stdout.write("".join(f"{line}\n" for line in table or [orjson.dumps(message).decode()]))
    sys.stdout.flush()


def _tell(notice: str) -> None:
    print(f"dashnet: {notice}", file=sys.stderr, flush=True)  # noqa: T201


class _Connection:
    """What the head says of the link, with the seconds until the next try counted down."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._fault: str | None = "not connected yet"
        self._retry_at = 0.0

    def note(self, event: Received | LinkLost) -> None:
        """Take in what the client told."""
        self._fault = None
        if isinstance(event, LinkLost):
            self._fault = event.reason
            self._retry_at = time.monotonic() + event.pause_seconds

    def to_link(self) -> Link:
        """As of now."""
        if self._fault is None:
            return Link(self._url)
        left = round(self._retry_at - time.monotonic())
        when = f"trying again in {left} s" if left > 0 else "trying again now"
        return Link(self._url, f"link lost, {when} ({self._fault})")


async def _draw_all(url: str, client: LiveClient, console: Console) -> None:
    view, connection, changed = PanelView(), _Connection(url), asyncio.Event()

    async def listen() -> None:
        async for event in client:
            connection.note(event)
            if not isinstance(event, LinkLost):
                view.apply(event)
            changed.set()

    with Live(console=console, screen=True, auto_refresh=False) as live:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(listen())
            while True:
                size = Screen(console.width, console.height)
                live.update(draw(view, connection.to_link(), datetime.now(UTC), size), refresh=True)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_DRAW_SECONDS):
                        await changed.wait()
                changed.clear()
