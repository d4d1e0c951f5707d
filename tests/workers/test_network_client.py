from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI, Response

from dashnet.errors import ServiceUnavailable
from dashnet.settings import Settings
from tests.interfaces import make_interface
from tests.servers import run_server
from workers.context import WorkerContext
from workers.network_client import NetworkClient, PastReadings, Readings, parse_past, parse_readings


def answer_of(*ids: int, **columns: Any) -> bytes:
    """An answer of `GET /readings/now`: devices that are up, with nothing known but these columns."""
    unknown = [None] * len(ids)
    measured = {f"{name}s": unknown for name in ("upload_speed", "download_speed", "loss_ratio")}
    rest: dict[str, Any] = {"round_trips_seconds": unknown, "jitters_seconds": None, "errors": {}, "interfaces": {}}
    up = {"device_ids": ids, "active_connections": [True] * len(ids)}
    return orjson.dumps(up | measured | rest | columns)


def test_readings_are_columns_in_the_order_of_the_answer() -> None:
    measured = {"upload_speeds": [1.5, None], "download_speeds": [0, None], "round_trips_seconds": [0.0021234, None]}
    told = answer_of(7, 9, active_connections=[None, True], errors={"7": "no such interface"}, **measured)
    expected = Readings(
        [7, 9],
        [None, True],
        [1.5, None],
        [0, None],
        [0.00212, None],
        ["no such interface", None],
        answered_count=2,
    )
    assert parse_readings(told) == expected


def test_loss_and_jitter_are_columns_where_any_device_has_them() -> None:
    told = answer_of(7, 8, loss_ratios=[1 / 3, None], jitters_seconds=[0.0012345, None])
    readings = parse_readings(told)
    assert (readings.loss_ratios, readings.jitters_seconds) == ([0.3333, None], [0.00123, None])


@pytest.mark.parametrize("answer", [b"{}", b"7", b"null", b"[]", b"<html>", answer_of(1, 2, upload_speeds=[1.0])])
def test_an_answer_without_columns_is_said_to_have_none(answer: bytes) -> None:
    with pytest.raises(ServiceUnavailable, match=r"no readings|no JSON"):
        parse_readings(answer)


def test_interfaces_are_kept_of_the_devices_that_show_any_each_name_once() -> None:
    shown = [make_interface("eth0", alias="first"), make_interface("eth0", alias="second"), make_interface("eth1")]
    assert parse_readings(answer_of(7, 8, interfaces={"7": shown})).interfaces == {7: [shown[0], shown[2]]}


def test_what_postgres_would_not_take_of_an_interface_is_left_out() -> None:
    shown = make_interface("e\0th" + "x" * 300, alias="\0", interface_type=2**31)
    kept = make_interface(("eth" + "x" * 300)[:255], alias="", interface_type=None)
    assert parse_readings(answer_of(7, interfaces={"7": [shown]})).interfaces == {7: [kept]}


async def test_only_simulated_devices_have_a_past(context: WorkerContext, device_ids: list[int]) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    past = await context.network.read_past(moment, moment + timedelta(minutes=1), 60, after=0, limit=100)
    assert past.device_ids == device_ids


def test_a_past_is_laid_flat_moment_by_moment() -> None:
    answer = {
        "device_ids": [3, 7],
        "time_stamps": ["2026-11-23T20:00:00Z", "2026-11-23T20:00:30.500000Z"],
        "active_connections": [[True, False], [False, True]],
        "upload_speeds": [[1.5, 0.0], [0.0, 2.5]],
        "download_speeds": [[10.0, 0.0], [0.0, 20.0]],
        "round_trips_seconds": [[0.000125, None], [None, 0.0123456]],
    }
    moments = [datetime(2026, 11, 23, 20, tzinfo=UTC), datetime(2026, 11, 23, 20, 0, 30, 500_000, UTC)]
    assert parse_past(orjson.dumps(answer)) == PastReadings(
        moments,
        [3, 7],
        [True, False, False, True],
        [1.5, 0.0, 0.0, 2.5],
        [10.0, 0.0, 0.0, 20.0],
        [round(0.000125, 5), None, None, 0.01235],
    )


def test_a_past_shows_each_moment_alone() -> None:
    moments = [datetime(2026, 11, 23, 20, minute, tzinfo=UTC) for minute in (0, 1)]
    past = PastReadings(moments, [3, 7], [True, False, False, True], [1.5, 0.0, 0.0, 2.5], [1.0] * 4, [None] * 4)
    expected = Readings([3, 7], [False, True], [0.0, 2.5], [1.0] * 2, [None] * 2, [None] * 2, answered_count=2)
    assert past.at(1) == expected


async def test_too_much_of_the_past_is_an_error_that_tells_the_limit(
    context: WorkerContext, network: httpx.AsyncClient
) -> None:
    begin, end = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
    with pytest.raises(ServiceUnavailable, match=r"answered 422: .*at most 1,000,000 readings"):
        await context.network.read_past(begin, end, 1, after=0, limit=1)


async def test_an_answer_other_than_200_is_an_error_that_tells_it(settings: Settings) -> None:
    broken = FastAPI()

    @broken.get("/readings/now")
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
    assert parse_readings(answer_of(1, round_trips_seconds=[read])).round_trips_seconds == [kept]
