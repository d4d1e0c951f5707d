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

from dashnet.bounds import is_believed
from dashnet.errors import ServiceUnavailable
from dashnet.messages import LiveInterface
from dashnet.reading import to_wire
from dashnet.settings import Settings
from workers.parsing import are_believed, parse_json, to_columns, to_interfaces

# A service that is being restarted is back within some seconds.
ATTEMPTS = 6
# Ten microseconds: what is below is noise.
_SECONDS_DECIMALS, _RATIO_DECIMALS = 5, 4


@dataclass(frozen=True, slots=True)
class Readings:
    """What a page of devices showed: columns of equal length in id order; speeds in Mbit/s, null where not known.

    `interfaces` are those of the devices that show any, each name once. `loss_ratios` and `jitters_seconds` are None
    where no device has any. `answered_count` is how many devices the page had, those among them that were not one.
    """

    device_ids: Sequence[int]
    active_connections: Sequence[bool | None]
    upload_speeds: Sequence[float | None]
    download_speeds: Sequence[float | None]
    round_trips_seconds: Sequence[float | None]
    errors: Sequence[str | None]
    interfaces: Mapping[int, Sequence[LiveInterface]] = field(default_factory=dict)
    loss_ratios: Sequence[float | None] | None = None
    jitters_seconds: Sequence[float | None] | None = None
    answered_count: int = 0


@dataclass(frozen=True, slots=True)
class PastReadings:
    """What simulated devices showed at many moments; speeds in Mbit/s.

    The first two name the rows and columns of a table, in order of time and id. The others are such tables laid flat,
    row after row: that of device `d` at moment `t` (indices from 0) stands at `t * len(device_ids) + d`.
    """

    time_stamps: Sequence[datetime]
    device_ids: Sequence[int]
    active_connections: Sequence[bool]
    upload_speeds: Sequence[float | None]
    download_speeds: Sequence[float | None]
    round_trips_seconds: Sequence[float | None]

    def at(self, number: int) -> Readings:
        """Return what all devices showed at the moment of this number, from 0."""
        count = len(self.device_ids)
        row = slice(number * count, (number + 1) * count)
        return Readings(
            self.device_ids,
            self.active_connections[row],
            self.upload_speeds[row],
            self.download_speeds[row],
            self.round_trips_seconds[row],
            [None] * count,
            answered_count=count,
        )


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

    async def read_devices(self, after: int, limit: int, *, until: int | None = None) -> Readings:
        """Read the `limit` devices that follow id `after` now, with their interfaces; none of a larger id than `until`.

        Raises:
            ServiceUnavailable: no answer, or another than 200.
        """
        end: dict[str, str | int] = {} if until is None else {"until": until}
        return parse_readings(await self._get("/readings/now", {"after": after, "limit": limit, **end}))

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
    """The columns of a `GET /readings/now` answer.

    Raises:
        ServiceUnavailable: the answer has no such columns.
    """
    answer = _parse(body)
    if not isinstance(answer, dict):
        raise ServiceUnavailable(f"the network service answered no readings: {body[:100]!r}")
    try:
        ids, active, errors, uploads, downloads, round_trips, losses, jitters = to_columns(answer)
    except ValueError as error:
        raise ServiceUnavailable(f"the network service answered no readings: {error}") from error
    return Readings(
        ids,
        active,
        uploads,
        downloads,
        _round(round_trips, _SECONDS_DECIMALS),
        errors,
        to_interfaces(answer.get("interfaces")),
        _round(losses, _RATIO_DECIMALS) if any_known(losses) else None,
        _round(jitters, _SECONDS_DECIMALS) if any_known(jitters) else None,
        answered_count=len(answer["device_ids"]),
    )


def parse_past(body: bytes) -> PastReadings:
    """The columns of a `GET /readings/` answer; what cannot be true of it is null."""
    past = _parse(body)
    columns = {name: list(chain.from_iterable(past[f"{name}s"])) for name in ("upload_speed", "download_speed")}
    columns["round_trip_seconds"] = list(chain.from_iterable(past["round_trips_seconds"]))
    uploads, downloads, round_trips = (
        column if are_believed(name, column) else [one if is_believed(name, one) else None for one in column]
        for name, column in columns.items()
    )
    return PastReadings(
        [datetime.fromisoformat(moment) for moment in past["time_stamps"]],
        past["device_ids"],
        list(chain.from_iterable(past["active_connections"])),
        uploads,
        downloads,
        _round(round_trips, _SECONDS_DECIMALS),
    )


def _parse(body: bytes) -> Any:  # any JSON value
    try:
        return parse_json(body)
    except ValueError as error:
        raise ServiceUnavailable(f"the network service answered no JSON: {error}") from error


def any_known(column: Sequence[float | None]) -> bool:
    """Whether a column holds anything but null."""
    return column.count(None) < len(column)


def _round(column: Sequence[float | None], decimals: int) -> list[float | None]:
    """What is behind these decimals is noise, and noise is most of what a compressed publication consists of."""
    return [None if value is None else round(value, decimals) for value in column]
