"""The network service as workers see it: readings and inventory changes over HTTP."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from types import TracebackType
from typing import Any, Self

import httpx
import orjson
import stamina

from dashnet.errors import ServiceUnavailable
from dashnet.messages import LiveInterface
from dashnet.reading import to_wire
from dashnet.settings import Settings

# A service that is being restarted is back within some seconds.
ATTEMPTS = 6
LONGEST_NAME, LARGEST_TYPE = 255, 2**31 - 1


@dataclass(frozen=True, slots=True)
class Readings:
    """What a page of devices showed: columns of equal length in id order; speeds in Mbit/s, null where not known.

    `interfaces` are those of the devices that show any, each name once.
    """

    device_ids: Sequence[int]
    active_connections: Sequence[bool | None]
    upload_speeds: Sequence[float | None]
    download_speeds: Sequence[float | None]
    round_trips_seconds: Sequence[float | None]
    errors: Sequence[str | None]
    interfaces: Mapping[int, Sequence[LiveInterface]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastReadings:
    """What simulated devices showed at many moments; speeds in Mbit/s.

    The first two name the rows and columns of a table, in order of time and id. The others are such tables laid flat,
    row after row: that of device `d` at moment `t` (indices from 0) stands at `t * len(device_ids) + d`.
    """

    time_stamps: Sequence[datetime]
    device_ids: Sequence[int]
    active_connections: Sequence[bool]
    upload_speeds: Sequence[float]
    download_speeds: Sequence[float]
    round_trips_seconds: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class InventoryChanges:
    """What changed in the inventory after a revision: devices in wire form, ids that are gone."""

    inventory_id: str
    revision: int
    changed: Sequence[dict[str, Any]]
    removed: Sequence[int]


class NetworkClient:
    """One connection pool to the network service; use it as a context manager.

    Every call retries a service that cannot be reached, for some seconds.
    """

    def __init__(self, settings: Settings) -> None:
        self._client = httpx.AsyncClient(
            base_url=settings.network_address,
            timeout=httpx.Timeout(settings.refresh_timeout_seconds, connect=5),
            headers={"user-agent": "dashnet-worker"},
            # A proxy in the environment is meant for the way out, not for the service next door.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def read_devices(self, after: int, limit: int, at: datetime | None = None) -> Readings:
        """Read the `limit` devices that follow id `after`: all now, or the simulated ones as they are `at` a time.

        Those that are read now with their interfaces; no simulated one has any.

        Raises:
            ServiceUnavailable: no answer, or another than 200.
        """
        what = {"interfaces": "true"} if at is None else {"at": to_wire(at)}
        return parse_readings(await self._get("/devices/", {"after": after, "limit": limit, **what}))

    async def read_past(
        self, begin: datetime, end: datetime, step_seconds: int, *, after: int, limit: int
    ) -> PastReadings:
        """What the `limit` simulated devices that follow id `after` show at `begin`, a step later, … before `end`.

        Fewer than `limit` devices: there are no more. At most 1,000,000 readings at once; parsed in a thread.

        Raises:
            ServiceUnavailable: no answer, or another than 200.
        """
        period: dict[str, str | int] = {"from": to_wire(begin), "to": to_wire(end), "step_seconds": step_seconds}
        body = await self._get("/readings/", {**period, "after": after, "limit": limit})
        return await asyncio.to_thread(parse_past, body)

    async def read_changes(self, since: int) -> InventoryChanges:
        """What changed in the inventory after revision `since`.

        Raises:
            ServiceUnavailable: no answer, or another than 200.
        """
        return InventoryChanges(**orjson.loads(await self._get("/inventory/changes", {"since": since})))

    async def _get(self, path: str, parameters: dict[str, str | int]) -> bytes:
        try:
            async for attempt in stamina.retry_context(
                on=httpx.TransportError, attempts=ATTEMPTS, timeout=10, wait_max=2
            ):
                with attempt:
                    response = await self._client.get(path, params=parameters)
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise ServiceUnavailable(
                f"the network service at {self._client.base_url} gives no answer: {reason}"
            ) from error
        if response.status_code != 200:
            raise ServiceUnavailable(f"the network service answered {response.status_code}: {response.text[:300]}")
        return response.content


def parse_readings(body: bytes) -> Readings:
    """The columns of a `GET /devices/` answer."""
    devices = orjson.loads(body)
    return Readings(
        [device["id"] for device in devices],
        [device["active_connection"] for device in devices],
        [device["upload_speed"] for device in devices],
        [device["download_speed"] for device in devices],
        [_round(device["round_trip_seconds"]) for device in devices],
        [device["error"] for device in devices],
        {device["id"]: _clean(device["interfaces"]) for device in devices if "interfaces" in device},
    )


def _clean(interfaces: Sequence[LiveInterface]) -> Sequence[LiveInterface]:
    """Each name once, and none that Postgres would not take: a bad agent must not spoil everybody's refresh."""
    cleaned: dict[str, LiveInterface] = {}
    for one in interfaces:
        one["name"] = one["name"].replace("\0", "")[:LONGEST_NAME]
        if one["alias"] is not None:
            one["alias"] = one["alias"].replace("\0", "")
        if one["interface_type"] is not None and not 0 <= one["interface_type"] <= LARGEST_TYPE:
            one["interface_type"] = None
        cleaned.setdefault(one["name"], one)
    return list(cleaned.values())


def parse_past(body: bytes) -> PastReadings:
    """The columns of a `GET /readings/` answer."""
    past = orjson.loads(body)
    return PastReadings(
        [datetime.fromisoformat(moment) for moment in past["time_stamps"]],
        past["device_ids"],
        list(chain.from_iterable(past["active_connections"])),
        list(chain.from_iterable(past["upload_speeds"])),
        list(chain.from_iterable(past["download_speeds"])),
        [_round(one) for one in chain.from_iterable(past["round_trips_seconds"])],
    )


def _round(round_trip_seconds: float | None) -> float | None:
    """To ten microseconds: what is below is noise, and noise is most of what a compressed publication consists of."""
    return None if round_trip_seconds is None else round(round_trip_seconds, 5)
