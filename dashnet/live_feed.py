"""The client's end of websocket /live: follows one app service through every outage."""

import asyncio
import ipaddress
import random
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from dashnet.errors import DashnetError
from dashnet.panel_view import PanelView, parse_message
from dashnet.publication import Position

SHORTEST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
OPEN_TIMEOUT_SECONDS = 10
# A server that has no state says so after ten seconds; one that says nothing at all is given up.
FIRST_MESSAGE_SECONDS = 30
# The state of 100,000 devices takes some 40 MB.
MOST_MESSAGE_BYTES = 512 * 1024 * 1024

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


@dataclass(frozen=True, slots=True)
class LinkLost:
    """There is no connection, why, and how long until the next try."""

    reason: str
    pause_seconds: float


class _FeedEnded(Exception):
    """The app service closed the connection, or sent what cannot be used, after which only a fresh state helps."""

    def __init__(self, reason: str, *, may_resume: bool) -> None:
        super().__init__(reason)
        self.may_resume = may_resume


def live_address(url: str) -> str:
    """The websocket /live of the app service at `url`, which may be http, https, ws, wss or lack its scheme.

    Raises:
        DashnetError: this is no address.
    """
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    try:
        is_address = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise DashnetError(f"{url!r} is no address of an app service; one looks like http://127.0.0.1:5001")
    path = parts.path.rstrip("/").removesuffix("/live") + "/live"
    return urlunsplit((_SCHEMES[parts.scheme], parts.netloc, path, "", ""))


async def follow(address: str, view: PanelView) -> AsyncGenerator[str | LinkLost, None]:
    """Each message as it came, already applied to `view`; a `LinkLost` before each pause. Never ends by itself.

    A message that is missing is mended with a new connection, which begins with a state.
    """
    failures, since = 0, view.position
    while True:
        connected_at = time.monotonic()
        try:
            async with aclosing(_receive(_with_position(address, since), view)) as messages:
                async for raw in messages:
                    yield raw
        except (OSError, WebSocketException, _FeedEnded) as error:
            may_resume = not isinstance(error, _FeedEnded) or error.may_resume
            since = view.position if may_resume else None
            lasted_seconds = time.monotonic() - connected_at
            failures = 0 if lasted_seconds > LONGEST_PAUSE_SECONDS else failures + 1
            pause = pause_after(failures)
            yield LinkLost(_in_words(error), pause)
            await asyncio.sleep(pause)


def pause_after(failures: int) -> float:
    """Seconds until the next try: doubled with each failure in a row, with jitter so that clients spread."""
    longest = min(LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS * 2.0 ** min(failures, 10))
    return max(SHORTEST_PAUSE_SECONDS, longest * random.uniform(0.5, 1))


async def _receive(address: str, view: PanelView) -> AsyncGenerator[str, None]:
    async with connect(
        address,
        max_size=MOST_MESSAGE_BYTES,
        open_timeout=OPEN_TIMEOUT_SECONDS,
        close_timeout=1,
        proxy=None if _is_loopback(address) else True,
    ) as socket:
        async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
            first = await socket.recv()
        yield _take_in(first, view)
        async for raw in socket:
            yield _take_in(raw, view)
    raise _FeedEnded(_in_words(socket.protocol.close_exc), may_resume=True)


def _take_in(raw: str | bytes, view: PanelView) -> str:
    if isinstance(raw, bytes):
        raise _FeedEnded("what came is no message of /live", may_resume=False)
    try:
        is_complete = view.apply(parse_message(raw))
    except ValueError as error:
        raise _FeedEnded(f"what came is no message of /live ({error})", may_resume=False) from error
    if not is_complete:
        raise _FeedEnded("a message is missing, a fresh state is needed", may_resume=False)
    return raw


def _with_position(address: str, since: Position | None) -> str:
    """A server that knows how resumes from `since`; any other begins with a state."""
    return address if since is None else f"{address}?{urlencode({'epoch': since.epoch, 'seq': since.seq})}"


def _is_loopback(address: str) -> bool:
    """Whether no proxy of the environment may stand in between."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _in_words(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, InvalidStatus):
        return f"it answered HTTP {error.response.status_code} instead of a websocket"
    if isinstance(error, ConnectionClosed):
        reason = error.rcvd.reason or f"code {error.rcvd.code}" if error.rcvd else "without a word"
        return f"the app service closed the connection ({reason})"
    return str(error) or type(error).__name__
