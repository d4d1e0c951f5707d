"""Stores and publishes as a worker does, a few devices, whatever Redis is going through."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from dashnet.database import create_engine
from dashnet.interface_part import join_part, pack_interfaces
from dashnet.messages import LiveInterface
from dashnet.publication import Kind, Position, publish
from dashnet.reading import to_tick, to_wire
from dashnet.redis import create_redis
from dashnet.settings import Settings
from services.app.snapshots import select_panel
from tests.interfaces import make_interface
from tests.servers import eventually

_PUT_DEVICE = text(
    "INSERT INTO store.device SELECT id, 'host-' || id, 'Laptop', '', 'mac-' || id, '10.0.0.1', 'simulated', '{}', "
    "CAST(:tags AS jsonb), NULL FROM generate_series(CAST(:id AS int), CAST(:id AS int)) AS id "
    "ON CONFLICT (id) DO UPDATE SET tags = excluded.tags"
)
_INSERT_SNAPSHOT = text(
    "INSERT INTO store.snapshot (time_stamp, device_id, active_connection, upload_speed, download_speed, "
    "round_trip_seconds) VALUES (:tick, :device_id, :active_connection, :upload_speed, :download_speed, "
    ":round_trip_seconds)"
)
_PUT_INTERFACE = text(
    "INSERT INTO store.interface (device_id, name, first_seen_at, last_seen_at) VALUES (:id, 'eth0', :tick, :tick) "
    "ON CONFLICT DO NOTHING"
)
_INSERT_INTERFACE_SNAPSHOT = text(
    "INSERT INTO store.interface_snapshot (time_stamp, interface_id, upload_speed, is_up) "
    "SELECT :tick, id, :upload, true FROM store.interface WHERE device_id = :id"
)

SPEEDS = {"upload_speed": 1.5, "download_speed": 2.5}


class StoredDevices:
    """The store and the publications of it; one change after the other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = create_engine(settings, "dashnet-test")
        self._seconds = itertools.count()
        self.redis: Redis = create_redis(settings, "dashnet-test")

    async def begin(self) -> None:
        """Four devices in the store, and nothing in Redis."""
        await self.redis.flushall()
        async with self._engine.begin() as connection:
            await connection.execute(text("DELETE FROM store.snapshot"))
            await connection.execute(text("DELETE FROM store.device"))
            await connection.execute(text("DELETE FROM store.interface"))
            for device_id in (1, 2, 3, 4):
                await connection.execute(_PUT_DEVICE, {"id": device_id, "tags": '["lab"]'})

    async def close(self) -> None:
        """Close the connections."""
        await self.redis.aclose()
        await self._engine.dispose()

    async def refresh(self, states: dict[int, bool | None]) -> None:
        """A refresh in which these devices were read, as far as there are such; those that are up show an interface."""
        seconds = next(self._seconds)
        tick = to_tick(datetime.now(UTC)) - timedelta(minutes=30) + timedelta(seconds=seconds)
        values = dict.fromkeys(("round_trip_seconds", "loss_ratio", "jitter_seconds"), None) | SPEEDS
        async with self._engine.begin() as connection:
            known = set((await connection.execute(text("SELECT id FROM store.device"))).scalars())
            read = [
                {"device_id": one, "active_connection": states[one], **values} for one in sorted(states) if one in known
            ]
            for snap_shot in read:
                await connection.execute(_INSERT_SNAPSHOT, {"tick": tick, **snap_shot})
            interfaces = {one: _make_interface(seconds) for one in sorted(known) if states.get(one)}
            for device_id, its in interfaces.items():
                key = {"tick": tick, "id": device_id}
                await connection.execute(_PUT_INTERFACE, key)
                await connection.execute(_INSERT_INTERFACE_SNAPSHOT, {**key, "upload": its["upload_speed"]})
        part = join_part({device_id: pack_interfaces([its]) for device_id, its in interfaces.items()})
        await self.publish(Kind.SNAPSHOTS, {"time_stamp": to_wire(tick), "snap_shots": read}, part)

    async def edit(self, device_id: int, tags: list[str]) -> None:
        """An added or changed device."""
        async with self._engine.begin() as connection:
            await connection.execute(_PUT_DEVICE, {"id": device_id, "tags": orjson.dumps(tags).decode()})
        panel = await select_panel(self._engine, Position("", 0))
        await self.publish(Kind.INVENTORY, {"changed": [panel.devices[device_id]], "removed": []})

    async def remove(self, device_id: int) -> None:
        """A device that is gone."""
        async with self._engine.begin() as connection:
            await connection.execute(text("DELETE FROM store.device WHERE id = :id"), {"id": device_id})
            # No id is ever given again but here.
            await connection.execute(text("DELETE FROM store.interface WHERE device_id = :id"), {"id": device_id})
        await self.publish(Kind.INVENTORY, {"changed": [], "removed": [device_id]})

    async def publish(self, kind: Kind, fields: dict[str, Any], part: bytes = b"") -> None:
        """Publish, again if need be."""

        async def is_published() -> bool:
            try:
                await publish(self.redis, self._settings, kind, fields, part)
            except (RedisError, OSError):
                return False
            return True

        await eventually(is_published)


def _make_interface(upload: int) -> LiveInterface:
    """What is stored: nothing but the one rate."""
    unknown = dict.fromkeys(
        ("interface_type", "line_speed", "download_speed", "errors_in", "errors_out", "discards_in", "discards_out")
    )
    return make_interface("eth0", **{**unknown, "upload_speed": float(upload)})
