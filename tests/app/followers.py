"""Subscribers that check for themselves that no seq is missing, for tests in which much happens to them."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Sequence
from typing import Any, cast

from dashnet.publication import Position
from dashnet.settings import Settings
from services.app.views import ALL_DEVICES, View
from services.app.websocket_protocol import FeedWebSocketProtocol
from tests.app.deaf_socket import connect_deaf
from tests.feeds import Feed, ReceivedPanel, open_feed
from tests.servers import eventually

FEW_BYTES = 2048
# One that does not read is not waited for.
CLOSE_SECONDS = 0.05
# Every other one is compressed for, which takes a thread and so lets others come in between.
_COMPRESSIONS = itertools.cycle([None, "deflate"])
INTERFACES = "device_ids=1,2,3,4&interfaces=true"
# Queries of /live, the same as a subscription, and as the hub knows it.
SUBSCRIPTIONS: dict[str, dict[str, Any]] = {
    "": {"device_ids": None},
    "device_ids=1,2,3": {"device_ids": [1, 2, 3]},
    INTERFACES: {"device_ids": [1, 2, 3, 4], "interfaces": True},
    "tags=lab": {"tags": ["lab"]},
    "state=up": {"state": "up"},
    "state=down&tags=core": {"tags": ["core"], "state": "down"},
    "search=host-4": {"search": "host-4"},
}
VIEWS: dict[str, View] = {
    "": ALL_DEVICES,
    "device_ids=1,2,3": View(device_ids=frozenset({1, 2, 3})),
    INTERFACES: View(device_ids=frozenset({1, 2, 3, 4}), interfaces=True),
    "tags=lab": View(tags=frozenset({"lab"})),
    "state=up": View(state="up"),  # type: ignore[arg-type]  # the word itself
    "state=down&tags=core": View(tags=frozenset({"core"}), state="down"),  # type: ignore[arg-type]  # as above
    "search=host-4": View(search="host-4"),
}


class NarrowProtocol(FeedWebSocketProtocol):
    """Ours on a socket that is full after a few messages, so that slow subscribers are soon held up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, FEW_BYTES)
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=FEW_BYTES, low=0)


class Follower:
    """One subscriber that takes in all it gets, until it is dropped; its own task owns the connection."""

    def __init__(self, settings: Settings, query: str, gone: "Follower | None" = None) -> None:
        """Go on where `gone` left off, unless what it has may be of another view."""
        self.query = query
        self.settings = settings
        self.panel: ReceivedPanel = gone.panel if gone else ReceivedPanel()
        self.fault: BaseException | None = None
        self.may_read = asyncio.Event()
        self.may_read.set()
        self._has_changed_view = False
        self._feed: Feed | None = None
        may_resume = gone is not None and not gone._has_changed_view and self.panel.epoch
        since = Position(self.panel.epoch, self.panel.seq) if may_resume else None
        position = [f"epoch={since.epoch}", f"seq={since.seq}"] if since else []
        self._address = "/live?" + "&".join([part for part in [query, *position] if part])
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        options: dict[str, Any] = {"compression": next(_COMPRESSIONS), "max_queue": 1, "close_timeout": CLOSE_SECONDS}
        narrow = await connect_deaf(self.settings.app_port, FEW_BYTES)
        try:
            async with open_feed(self.settings, self._address, sock=narrow, **options) as self._feed:
                await self._take_in_all(self._feed)
        finally:
            await self._let_go(narrow)

    async def _let_go(self, narrow: socket.socket) -> None:
        """Have the transport close the socket: closed sooner, its number is another's while the loop still knows it."""
        if self._feed is not None:
            self._feed.socket.transport.abort()
        await asyncio.sleep(0)
        narrow.close()

    async def _take_in_all(self, feed: Feed) -> None:
        while True:
            message = await feed.next_ever()
            await self.may_read.wait()
            if message["type"] == "resumed":
                continue
            try:
                self.panel.take_in(message)
            except (AssertionError, KeyError) as fault:
                self.fault = fault
                raise

    async def subscribe(self, queries: Sequence[str]) -> None:
        """See something else, one view after the other in one breath; the last from now on."""

        async def is_open() -> bool:
            return self._feed is not None or self.is_lost

        await eventually(is_open)
        for query in queries:
            self.query = query
            self._has_changed_view = True
            if self._feed is not None and not self.is_lost:
                await self._feed.send({"type": "subscribe", **SUBSCRIPTIONS[query]})

    async def drop(self) -> None:
        """End the connection, however it stands."""
        self._task.cancel()
        with contextlib.suppress(BaseException):
            await self._task

    @property
    def is_lost(self) -> bool:
        """Whether the server has ended it."""
        return self._task.done()
