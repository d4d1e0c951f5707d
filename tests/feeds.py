"""A websocket client that is not ours, and a panel put together from nothing but what it received."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect

from dashnet.settings import Settings
from tests.servers import DEADLINE_SECONDS


class Feed:
    """One subscriber; every wait has a deadline."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def next(self) -> Any:  # any JSON value
        """The next message, whatever it is."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return orjson.loads(await self.socket.recv())

    async def next_ever(self) -> Any:  # any JSON value
        """The next message, without a deadline: for a task that somebody else ends."""
        return orjson.loads(await self.socket.recv())

    async def next_of(self, kind: str) -> dict[str, Any]:
        """The next message of this type; others before it are dropped."""
        while True:
            message: dict[str, Any] = await self.next()
            if message["type"] == kind:
                return message

    async def next_state(self) -> dict[str, Any]:
        """The next message, which is a `state`, with the devices of all its parts."""
        state: dict[str, Any] = await self.next()
        assert state["type"] == "state"
        while state["seq"] < state.get("complete_at", 0):
            part = await self.next()
            assert (part["type"], part["seq"], part["removed"]) == ("inventory", state["seq"] + 1, [])
            state["seq"] = part["seq"]
            state["devices"] += part["changed"]
        return state

    async def send(self, message: object) -> None:
        """Send a JSON value."""
        await self.socket.send(orjson.dumps(message).decode())


@asynccontextmanager
async def open_feed(settings: Settings, path: str, **options: Any) -> AsyncIterator[Feed]:
    """Subscribe to the app service of these settings."""
    address = settings.app_address.replace("http", "ws", 1) + path
    async with connect(address, max_size=None, **options) as socket:
        yield Feed(socket)


class ReceivedPanel:
    """What a subscriber of /live knows: built by the rules of docs/protocol.md, and complaining about any hole."""

    def __init__(self) -> None:
        self.epoch = ""
        self.seq = -1
        self.devices: dict[int, dict[str, Any]] = {}

    def take_in(self, message: dict[str, Any]) -> None:
        """Apply one message.

        Raises:
            AssertionError: a seq is missing or came twice.
        """
        if message["type"] == "state":
            self.epoch, self.seq = message["epoch"], message["seq"]
            self.devices = {device["id"]: device for device in message["devices"]}
            return
        assert message["seq"] == self.seq + 1, f"seq {message['seq']} after {self.seq}"
        self.seq = message["seq"]
        for snap_shot in message.get("snap_shots", []):
            device_id = snap_shot.pop("device_id")
            active = snap_shot["active_connection"]
            if "interfaces" in snap_shot:
                self.devices[device_id]["interfaces"] = snap_shot.pop("interfaces")
            self.devices[device_id]["state"] = {True: "up", False: "down", None: "unknown"}[active]
            self.devices[device_id]["snap_shot"] = {"time_stamp": message["time_stamp"], **snap_shot}
        for device in message.get("changed", []):
            self.devices[device["id"]] = device
        for device_id in message.get("removed", []):
            self.devices.pop(device_id, None)
