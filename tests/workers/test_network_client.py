from datetime import UTC, datetime

import httpx
import orjson
import pytest
from fastapi import FastAPI, Response

from dashnet.errors import ServiceUnavailable
from dashnet.settings import Settings
from tests.servers import run_server
from workers.context import WorkerContext
from workers.network_client import NetworkClient, Readings, parse_readings


def test_readings_are_columns_in_the_order_of_the_answer() -> None:
    device = {"id": 7, "active_connection": None, "upload_speed": 1.5, "download_speed": 0, "round_trip_seconds": 0.002}
    assert parse_readings(orjson.dumps([device])) == Readings([7], [None], [1.5], [0], [0.002])


async def test_only_simulated_devices_have_a_past(context: WorkerContext, device_ids: list[int]) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert (await context.network.read_devices(0, 100, at=moment)).device_ids == device_ids


async def test_an_answer_other_than_200_is_an_error_that_tells_it(settings: Settings) -> None:
    broken = FastAPI()

    @broken.get("/devices/")
    async def fail() -> Response:
        return Response("out of order", 500)

    async with run_server(broken, settings.network_port), NetworkClient(settings) as client:
        with pytest.raises(ServiceUnavailable, match="answered 500: out of order"):
            await client.read_devices(0, 10)


async def test_a_service_out_of_reach_is_an_error_that_names_its_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.network_client.ATTEMPTS", 1)
    async with NetworkClient(settings) as client:
        with pytest.raises(ServiceUnavailable, match=str(settings.network_port)):
            await client.read_changes(0)


async def test_a_service_that_comes_back_in_time_is_waited_for(settings: Settings, network: httpx.AsyncClient) -> None:
    async with NetworkClient(settings) as client:
        assert (await client.read_changes(0)).removed == []


@pytest.mark.parametrize(("read", "kept"), [(0.0123456, 0.01235), (0.000004, 0.0), (None, None)])
def test_a_round_trip_is_kept_to_ten_microseconds(read: float | None, kept: float | None) -> None:
    device = {
        "id": 1,
        "active_connection": True,
        "upload_speed": 1.0,
        "download_speed": 2.0,
        "round_trip_seconds": read,
    }
    assert parse_readings(orjson.dumps([device])).round_trips_seconds == [kept]
