from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashnet.edge import NetworkKind
from dashnet.history.counts import DeviceCounts, SummaryCounts
from dashnet.history.plan import Plan
from services.app.points import DevicePoint, SummaryPoint, to_device_points, to_summary_points

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAN = Plan([NOON, NOON + HOUR, NOON + 2 * HOUR], is_exact=True)


def point_of(counts: DeviceCounts) -> dict[str, Any]:
    return to_device_points(PLAN, {0: counts})[0]


def found_of(**buckets: dict[int, SummaryCounts]) -> dict[NetworkKind, dict[int, SummaryCounts]]:
    return {kind: buckets.get(kind, {}) for kind in NetworkKind}


def make_summary_point() -> dict[str, Any]:
    return to_summary_points(PLAN, found_of(), NetworkKind.REAL, with_earlier=True)[0]


def test_a_mean_is_taken_over_the_time_that_the_speed_was_known() -> None:
    point = point_of(DeviceCounts(upload_megabits=600.0, upload_known_seconds=300, up_seconds=3600))
    assert point["upload_speed"] == 2.0


def test_a_round_trip_is_taken_over_the_time_that_it_was_known() -> None:
    point = point_of(DeviceCounts(round_trip_area=30.0, round_trip_known_seconds=60, up_seconds=3600))
    assert point["round_trip_seconds"] == 0.5


def test_loss_and_jitter_are_told_as_round_trips_are() -> None:
    counts = DeviceCounts(loss_area=15.0, loss_known_seconds=60, loss_max=0.5)
    counts.jitter_area, counts.jitter_known_seconds, counts.jitter_min = 0.12, 60, 0.001
    point = point_of(counts)
    assert (point["loss_ratio"], point["loss_ratio_min"], point["loss_ratio_max"]) == (0.25, None, 0.5)
    assert (point["jitter_seconds"], point["jitter_seconds_min"], point["jitter_seconds_max"]) == (0.002, 0.001, None)


def test_where_the_state_was_never_known_there_is_no_speed() -> None:
    point = point_of(DeviceCounts(unknown_seconds=3600, snapshot_count=59))
    assert (point["upload_speed"], point["unknown_seconds"], point["snapshots"]) == (None, 3600, 59)


def test_there_is_a_point_for_every_bucket_and_null_where_nobody_looked() -> None:
    points = to_device_points(PLAN, {1: DeviceCounts(upload_known_seconds=60, upload_megabits=60.0)})
    assert [(point["time_stamp"], point["upload_speed"]) for point in points] == [
        ("2026-11-20T12:00:00Z", None),
        ("2026-11-20T13:00:00Z", 1.0),
    ]


def test_a_bucket_that_lies_within_the_row_of_the_one_before_has_no_point() -> None:
    plan = Plan([NOON, NOON, NOON + HOUR], is_exact=False)
    (point,) = to_device_points(plan, {1: DeviceCounts(upload_known_seconds=60, upload_megabits=60.0)})
    assert point["upload_speed"] == 1.0


def test_numbers_are_told_as_they_were_measured() -> None:
    """A real of 0.1 is 0.10000000149011612 as a float."""
    assert point_of(DeviceCounts(upload_max=0.10000000149011612))["upload_speed_max"] == 0.1


def test_of_the_network_it_is_means_of_sums_over_the_time_that_they_were_known() -> None:
    counts = SummaryCounts(upload_megabits=1800.0, upload_known_seconds=900, covered_seconds=1800)
    counts.up_seconds, counts.down_seconds, counts.up_max = 5400, 1800, 4
    (point,) = to_summary_points(
        Plan([NOON, NOON + HOUR], is_exact=True), found_of(real={0: counts}), NetworkKind.REAL, with_earlier=True
    )
    assert (point["upload_speed"], point["up"], point["down"], point["up_max"]) == (2.0, 3.0, 1.0, 4)


@pytest.mark.parametrize(("with_earlier", "kind", "upload"), [(True, "all", 2.0), (False, "real", None)])
def test_what_was_counted_before_kinds_were_kept_apart_is_told_as_of_all(
    with_earlier: bool, kind: str, upload: float | None
) -> None:
    earlier = SummaryCounts(upload_megabits=2.0, upload_known_seconds=1)
    (point,) = to_summary_points(PLAN, found_of(all={0: earlier}), NetworkKind.REAL, with_earlier=with_earlier)[:1]
    assert (point["kind"], point["upload_speed"]) == (kind, upload)


def test_a_bucket_that_knows_kinds_is_not_told_as_of_all() -> None:
    """Though all devices have a count there too, and no real one has."""
    found = found_of(all={0: SummaryCounts(up_max=5)}, simulated={0: SummaryCounts(up_max=5)})
    (point,) = to_summary_points(PLAN, found, NetworkKind.REAL, with_earlier=True)[:1]
    assert (point["kind"], point["up_max"]) == ("real", None)


@pytest.mark.parametrize(
    ("model", "point"),
    [(DevicePoint, to_device_points(PLAN, {})[0]), (SummaryPoint, make_summary_point())],
)
def test_a_point_has_the_fields_that_are_documented(model: type[DevicePoint | SummaryPoint], point: Any) -> None:
    assert list(point) == list(model.model_fields)
    model.model_validate(point)
