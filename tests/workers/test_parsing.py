import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashnet.bounds import MEASURED, MOST, RATES, is_believed
from dashnet.reading import State
from tests.interfaces import make_interface
from workers.parsing import LONGEST_NAME, are_believed, clean_text, parse_json, to_columns, to_interfaces

SOUND: dict[str, Any] = {
    "id": 2,
    "active_connection": True,
    "error": None,
    "upload_speed": 1.5,
    "download_speed": 3,
    "round_trip_seconds": 0.25,
    "loss_ratio": 0.5,
    "jitter_seconds": None,
}
COLUMNS = {
    "id": "device_ids",
    "active_connection": "active_connections",
    "upload_speed": "upload_speeds",
    "download_speed": "download_speeds",
    "round_trip_seconds": "round_trips_seconds",
    "loss_ratio": "loss_ratios",
    "jitter_seconds": "jitters_seconds",
}
AS_COLUMNS = [2, True, None, 1.5, 3, 0.25, 0.5, None]
# Anything that Python's parser makes of JSON.
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def columns_of(*devices: Mapping[str, Any]) -> list[list[Any]]:
    """What becomes of an answer with these devices, device by device."""
    answer = {column: [one[name] for one in devices] for name, column in COLUMNS.items()}
    errors = {str(one["id"]): one["error"] for one in devices if one["error"] is not None}
    return [list(row) for row in zip(*to_columns({**answer, "errors": errors}), strict=True)]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, 2.5e12, 10**400, True, "1.5", [1], {}])
@pytest.mark.parametrize("name", MEASURED)
def test_a_value_that_cannot_be_true_is_null_and_its_device_says_why(name: str, value: object) -> None:
    bad, good = columns_of({**SOUND, "id": 1, name: value}, SOUND)
    assert good == AS_COLUMNS
    assert bad[3 + MEASURED.index(name)] is None
    assert bad[2].startswith(f"{name} ")


def test_an_error_that_a_device_has_already_stays() -> None:
    assert columns_of({**SOUND, "error": "no answer", "upload_speed": -1.0})[0][2] == "no answer"


@pytest.mark.parametrize("bad", [None, "x", [], {}, "1", True, 1.0, 2**31, -1, 0])
def test_what_has_no_id_costs_no_other_its_reading(bad: Any) -> None:
    assert columns_of({**SOUND, "id": bad}, SOUND) == [AS_COLUMNS]


@pytest.mark.parametrize("name", [*COLUMNS.values()])
@pytest.mark.parametrize("column", [None, 7, {}, [1.0, 2.0]])
def test_columns_of_different_lengths_are_no_answer_but_one_of_a_measure_may_be_null(name: str, column: Any) -> None:
    answer = {one: [SOUND[field]] for field, one in COLUMNS.items()} | {name: column}
    if column is None and name not in ("device_ids", "active_connections"):
        assert to_columns(answer)[3 + MEASURED.index(next(key for key in COLUMNS if COLUMNS[key] == name))] == [None]
    else:
        with pytest.raises(ValueError, match=r"device_ids|lengths"):
            to_columns(answer)


def test_a_device_counts_once_and_devices_come_in_the_order_of_their_ids() -> None:
    assert [row[:4] for row in columns_of({**SOUND, "id": 3}, SOUND, {**SOUND, "upload_speed": 9.0})] == [
        [2, True, None, 1.5],
        [3, True, None, 1.5],
    ]


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(SOUND, _JSON)), max_size=3))
def test_whatever_is_answered_sound_devices_are_read_and_all_numbers_are_bounded(devices: list[Any]) -> None:
    rows = columns_of(*devices, {**SOUND, "id": 2**31 - 1})
    assert rows[-1] == [2**31 - 1, *AS_COLUMNS[1:]]
    numbers = [(name, value) for row in rows for name, value in zip(MEASURED, row[3:], strict=True)]
    assert all(value is None or is_believed(name, value) for name, value in numbers)


@given(st.lists(st.sampled_from([None, 0, 0.5, 1.0, 1, -1, 1.5, math.nan, math.inf, True, "1"]), max_size=4))
def test_in_bulk_the_same_is_believed_as_one_by_one(column: list[Any]) -> None:
    assert are_believed("loss_ratio", column) == all(one is None or is_believed("loss_ratio", one) for one in column)


def test_what_only_python_parses_is_parsed() -> None:
    assert math.isnan(parse_json(json.dumps([math.nan]).encode())[0])


def test_a_text_is_made_fit_for_postgres() -> None:
    assert clean_text("B\0ü\ud800" + "x" * 2000, 5) == "Bü?xx"
    assert clean_text(7) is None


@pytest.mark.parametrize("name", ["line_speed", *RATES])
@pytest.mark.parametrize("value", [math.nan, -1.0, 2.5e18, True, "1.5", None])
def test_a_rate_of_an_interface_that_cannot_be_true_is_null_and_the_others_stay(name: str, value: Any) -> None:
    bad, good = make_interface("eth0", **{name: value}), make_interface("eth1")
    assert to_interfaces({"1": [bad, good]}) == {1: [{**bad, name: None}, good]}


@pytest.mark.parametrize("bad", [None, 7, {}, {"name": 7}])
def test_what_is_no_interface_is_left_out(bad: Any) -> None:
    good = make_interface("eth0")
    assert to_interfaces({"1": [bad, good], "2": bad, "x": [good], "0": [good]})[1] == [good]


def test_of_an_interface_of_unknown_state_type_and_name_what_fits_is_kept() -> None:
    bad = make_interface("\0" + "x" * 300, state="on fire", interface_type=2**31, alias=7)
    (kept,) = to_interfaces({"1": [bad]})[1]
    assert (kept["name"], kept["state"]) == ("x" * LONGEST_NAME, State.UNKNOWN)
    assert (kept["interface_type"], kept["alias"], kept["upload_speed"]) == (None, None, bad["upload_speed"])


@pytest.mark.parametrize("bad", [None, [], 7, {"x": []}, {"0": []}, {str(2**31): []}, {"7": None}])
def test_what_names_no_device_shows_no_interface(bad: Any) -> None:
    assert to_interfaces(bad) == {}


def test_the_bounds_are_those_of_one_place() -> None:
    assert set(MOST) == {*MEASURED, *RATES, "line_speed"}
