"""Interfaces for tests, and devices that show them: the network service is real, only what its devices show is not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.messages import LiveInterface
from dashnet.settings import Settings
from workers.context import WorkerContext
from workers.network_client import NetworkClient, Readings


def make_interface(name: str = "eth0", **fields: Any) -> LiveInterface:
    """An interface that is up, unless told otherwise; its rates are what a real holds without rounding."""
    values = {
        "name": name,
        "state": "up",
        "alias": None,
        "interface_type": 6,
        "line_speed": 1000.0,
        "upload_speed": 1.5,
        "download_speed": 2.5,
        "errors_in": 0.25,
        "errors_out": 0.0,
        "discards_in": 0.0,
        "discards_out": 0.5,
    }
    return cast(LiveInterface, values | fields)


class ShowingNetwork(NetworkClient):
    """The network service as workers see it; its devices show the interfaces that a test puts into `shown`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.shown: dict[int, list[LiveInterface]] = {}

    async def read_devices(self, after: int, limit: int, *, until: int | None = None) -> Readings:
        """As the service answers, with these interfaces; a device that shows any is up."""
        readings = await super().read_devices(after, limit, until=until)
        ids = readings.device_ids
        return replace(
            readings,
            active_connections=[
                True if self.shown.get(one) else state
                for one, state in zip(ids, readings.active_connections, strict=True)
            ],
            interfaces={one: self.shown[one] for one in ids if one in self.shown},
        )


def with_network(context: WorkerContext, network: NetworkClient) -> WorkerContext:
    """The same context, with another network service."""
    return replace(context, network=network)


async def copy_as_interfaces(engine: AsyncEngine, device_ids: Sequence[int]) -> None:
    """Give each device an interface `copy/N` that showed, at each snapshot of the device, just what this shows."""
    async with engine.begin() as connection:
        values = {"ids": list(device_ids)}
        await connection.execute(
            text(
                "INSERT INTO store.interface (id, device_id, name, first_seen_at, last_seen_at) "
                "SELECT id, id, 'copy/' || id, now(), now() FROM unnest(CAST(:ids AS int[])) AS id"
            ),
            values,
        )
        await connection.execute(
            text(
                "INSERT INTO store.interface_snapshot (time_stamp, interface_id, upload_speed, download_speed, "
                "errors_in, errors_out, is_up) SELECT time_stamp, device_id, upload_speed, download_speed, "
                "upload_speed, CASE WHEN active_connection THEN 1 END, active_connection "
                "FROM store.snapshot WHERE device_id = ANY(:ids)"
            ),
            values,
        )
