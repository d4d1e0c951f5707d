from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from dashnet.errors import InvalidInput
from dashnet.history.buckets import Step
from dashnet.reading import to_wire
from services.app.ranges import Range, read_excluded, read_range, read_step, read_zone

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PATH = "/api/summary/history"


async def test_without_a_word_it_is_the_last_day() -> None:
    asked = await read_range()
    assert asked.length == DAY
    assert abs(asked.end - datetime.now(UTC)) < timedelta(seconds=5)


async def test_with_an_end_alone_it_is_the_day_before_it() -> None:
    assert await read_range(None, NOON) == Range(NOON - DAY, NOON)


async def test_what_lies_after_now_is_cut_off() -> None:
    assert (await read_range(NOON, datetime(9999, 12, 31, tzinfo=UTC))).end <= datetime.now(UTC)


async def test_parts_of_seconds_are_cut_off_and_a_second_is_left() -> None:
    begin = NOON + timedelta(microseconds=5)
    assert await read_range(begin, begin + timedelta(microseconds=1)) == Range(NOON, NOON + SECOND)


@pytest.mark.parametrize(
    ("parameters", "field", "word"),
    [
        ({"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T11:00:00Z"}, "from", "after to"),
        ({"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00+01:00"}, "from", "empty"),
        ({"from": "2999-01-01T00:00:00Z"}, "from", "future"),
        ({"from": "9999-12-31T23:59:59-23:59"}, "from", "future"),
        ({"from": "1926-11-20T00:00:00Z"}, "from", "1970"),
        ({"from": "0001-01-01T00:00:00+23:59"}, "from", "1970"),
        ({"from": "0001-01-01T00:00:00Z", "to": "0001-01-05T00:00:00Z", "zone": "America/New_York"}, "from", "1970"),
        ({"to": "0001-01-01T00:00:00Z"}, "to", "1970"),
        ({"from": "1970-01-01T00:00:00Z"}, "from", "ten years"),
        ({"from": "yesterday"}, "from", ""),
        ({"from": "2026-11-20T12:00:00"}, "from", "timezone"),
        ({"from": "1763640000"}, "from", "ISO 8601"),
        ({"from": "2026-11-20"}, "from", "timezone"),
        ({"from": "2026-11-20T12:00:00", "zone": "Europe/Berlin"}, "from", "timezone"),
        ({"from": "2026-11-20", "zone": "Mars/Olympus"}, "zone", "no time zone"),
        ({"to": "1e9"}, "to", "ISO 8601"),
        ({"to": "1.8e9"}, "to", "ISO 8601"),
        ({"from": "-3.7e-137"}, "from", "ISO 8601"),
        ({"from": "0001-01-01", "zone": "Asia/Tokyo"}, "from", "1970"),
        ({"to": "\x00"}, "to", ""),
        ({"to": "9" * 5000}, "to", ""),
        ({"from": ""}, "from", ""),
    ],
)
async def test_a_bad_range_is_422_and_names_the_field_and_the_fault(
    app: httpx.AsyncClient, parameters: dict[str, str], field: str, word: str
) -> None:
    answer = await app.get(PATH, params=parameters)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["location"], word in error["detail"]) == (422, field, True)


@pytest.mark.parametrize(
    "path", [PATH, "/api/availability", "/api/outages", "/api/state-changes", "/api/traffic", "/api/job-runs"]
)
@pytest.mark.parametrize(
    "query", ["from=2026-11-20&to=2026-11-21&zone=Europe/Berlin", "from=2026-11-20T00:00:00+01:00&to=2026-11-20T23:00Z"]
)
async def test_days_of_a_zone_and_a_bare_plus_are_taken_everywhere(
    app: httpx.AsyncClient, path: str, query: str
) -> None:
    names = query.replace("to=", "before=") if path == "/api/job-runs" else query
    assert (await app.get(f"{path}?{names}")).status_code == 200


async def test_a_date_is_midnight_of_the_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    # The day on which the clocks go back has 25 hours.
    assert await read_range(date(2026, 10, 25), date(2026, 10, 26), berlin) == Range(begin, begin + 25 * SECOND * 3600)


async def test_a_period_of_dates_is_midnight_to_midnight_of_the_zone() -> None:
    (period,) = await read_excluded(["2026-11-20/2026-11-21"], ZoneInfo("Asia/Kathmandu"))
    assert (period.begin, period.length) == (datetime(2026, 11, 19, 18, 15, tzinfo=UTC), DAY)


async def test_the_very_first_moments_that_can_be_asked_for_are_answered(app: httpx.AsyncClient) -> None:
    parameters = {"from": "1970-01-01T00:00:00Z", "to": "1970-01-02T00:00:00Z", "step": "1w", "zone": "America/Adak"}
    answer = await app.get(PATH, params=parameters)
    assert (answer.status_code, len(answer.json()["points"])) == (200, 1)


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Argentina/Buenos_Aires"])
async def test_a_zone_is_one_of_the_zone_database(name: str) -> None:
    assert (await read_zone(name)).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../etc/passwd",
        "/etc/passwd",
        "Europe",
        "Europe/Nowhere",
        "europe/berlin",
        "Europe/Berlin\x00",
        "posix/Europe/Berlin",
        "right/UTC",
        "Factory",
        "localtime",
        "posixrules",
        "tzdata.zi",
        "\udcff",
    ],
)
async def test_what_is_no_zone_of_the_database_is_refused(name: str) -> None:
    """Some are files of the machine, or would be kept as reports of the same zone under another name."""
    with pytest.raises(InvalidInput, match="there is no time zone"):
        await read_zone(name)


@pytest.mark.parametrize("name", ["../etc/passwd", "", "x" * 100_00, "Factory", "\x00"])
async def test_a_bad_zone_is_422_and_named(app: httpx.AsyncClient, name: str) -> None:
    answer = await app.get(PATH, params={"zone": name})
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "zone")


@pytest.mark.parametrize(
    "given",
    [
        "2026-11-20T12:00:00Z/2026-11-20T13:00:00Z",
        "2026-11-20T12:00:00+00:00/2026-11-20T14:00:00+01:00",
        "2026-11-20T12:00:00 00:00/2026-11-20 13:00:00Z",
    ],
)
async def test_a_period_is_two_moments_with_their_zones(given: str) -> None:
    """A plus that was not escaped arrives as a space."""
    assert await read_excluded([given]) == [Range(NOON, NOON + timedelta(hours=1))]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "/",
        "//",
        "garbage",
        "2026-11-20T12:00:00Z",
        "2026-11-20T12:00:00Z/",
        "2026-11-20T12:00:00Z/2026-11-20T13:00:00Z/2026-11-20T14:00:00Z",
        "2026-11-20T13:00:00Z/2026-11-20T12:00:00Z",
        "2026-11-20T12:00:00Z/2026-11-20T12:00:00Z",
        "2026-11-20T12:00:00/2026-11-20T13:00:00",
        "2026-11-20/2026-11-21",
        "2026-11-20T12:00:00Z/PT1H",
        "0001-01-01T00:00:00+23:59/2026-11-20T13:00:00Z",
        "2026-11-20T12:00:00Z/9999-12-31T23:59:59-23:59",
        "\x00/\x00",
    ],
)
async def test_a_bad_period_is_422_and_named(app: httpx.AsyncClient, given: str) -> None:
    answer = await app.get("/api/availability", params={"exclude": given})
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "exclude")


@pytest.mark.parametrize(("count", "status"), [(100, 200), (101, 422)])
async def test_at_most_a_hundred_periods_are_left_out(app: httpx.AsyncClient, count: int, status: int) -> None:
    periods = [f"{to_wire(NOON + number * SECOND)}/{to_wire(NOON + (number + 1) * SECOND)}" for number in range(count)]
    assert (await app.get("/api/availability", params={"exclude": periods})).status_code == status


async def test_a_step_may_be_left_out() -> None:
    assert await read_step() is None


async def test_a_step_that_is_none_is_refused_in_words() -> None:
    assert await read_step("5m") == Step(seconds=300)
    with pytest.raises(InvalidInput, match="step: not a step such as"):
        await read_step("1.5h")
