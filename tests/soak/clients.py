"""Websocket clients as anybody would write them from docs/protocol.md, with plain `websockets`."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from dashnet.settings import Settings
from dashnet.tasks import cancel_and_wait
from tests.soak.panels import FullPanel, LivePanel

LIVE_CLIENTS, FULL_CLIENTS = 16, 4
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 10.0
_OPEN_SECONDS = 10.0
_NEVER_AGAIN = (1008, 4500)


@dataclass(slots=True)
class SoakClient:
    """One client over all its connections; it comes back as the protocol says."""

    address: str
    panel: LivePanel | FullPanel
    connections: int = 0
    _pause: float = field(default=_FIRST_PAUSE_SECONDS)

    async def run(self) -> None:
        """Follow the feed until cancelled, or until the server forbids to come back."""
        while await self._follow():
            await asyncio.sleep(self._pause * random.uniform(0.5, 1))
            self._pause = min(_LONGEST_PAUSE_SECONDS, self._pause * 2)

    async def _follow(self) -> bool:
        """Stay connected as long as that lasts; whether the client may come back."""
        # On /live the default; an array of 2020 is larger, as the protocol warns.
        most_bytes = None if isinstance(self.panel, FullPanel) else 2**20
        try:
            async with connect(
                self.address + self.panel.connect(), open_timeout=_OPEN_SECONDS, proxy=None, max_size=most_bytes
            ) as socket:
                self.connections += 1
                async for message in socket:
                    self._pause = _FIRST_PAUSE_SECONDS
                    if not self.panel.take_in(orjson.loads(message)):
                        return True
                code = socket.close_code
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else None
        except InvalidStatus as error:
            code = 1008 if error.response.status_code == 403 else None
        except (OSError, TimeoutError, EOFError, InvalidHandshake):
            code = None
        if code in _NEVER_AGAIN:
            self.panel.broken.append(f"closed with {code}, not to come back")
        return code not in _NEVER_AGAIN


@asynccontextmanager
async def run_clients(settings: Settings) -> AsyncIterator[Sequence[SoakClient]]:
    """Have all clients follow the feeds until the block ends."""
    address = settings.app_address.replace("http", "ws", 1)
    panels: list[LivePanel | FullPanel] = [
        *(LivePanel() for _ in range(LIVE_CLIENTS)),
        *(FullPanel() for _ in range(FULL_CLIENTS)),
    ]
    clients = [SoakClient(address, panel) for panel in panels]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        yield clients
    finally:
        for client, task in zip(clients, tasks, strict=True):
            await cancel_and_wait(task)
            if not task.cancelled() and (error := task.exception()):
                client.panel.broken.append(f"the client itself ended: {error!r}")
