import pytest

from dashnet.errors import InvalidInput
from services.network.moments import parse_moment


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T20:00:00Z",
        "2026-11-23T20:00:00",
        "2026-11-23 20:00",
        "20261123T200000Z",
        "2026-11-23T22:00:00+02:00",
        "2026-11-23T22:00:00 02:00",
        "2026-11-23T22:00 02:00",
        "2026-11-23 22:00+0200",
        "2026-11-23T15:30:00.000-04:30",
    ],
)
def test_a_moment_is_read_in_any_usual_notation(written: str) -> None:
    assert parse_moment(written, "at").isoformat() == "2026-11-23T20:00:00+00:00"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "noon",
        "1795464000",
        "20261123",
        "1.8e9",
        "-3.7e-137",
        "2026-11-23T20:00:00Z\x00",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_what_is_no_moment_is_refused_by_the_name_of_its_parameter(given: str) -> None:
    with pytest.raises(InvalidInput, match="from: ") as caught:
        parse_moment(given, "from")
    assert [error.location for error in caught.value.errors] == ["from"]


def test_a_date_is_midnight_in_utc() -> None:
    assert parse_moment("2026-11-23", "at").isoformat() == "2026-11-23T00:00:00+00:00"
