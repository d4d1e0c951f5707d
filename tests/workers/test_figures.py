from datetime import UTC, datetime, timedelta

import pytest

from dashnet.history.availability import Outage
from dashnet.history.counts import DeviceCounts, SummaryCounts
from dashnet.history.traffic import Percentiles
from workers.figures import MOST_OUTAGES, to_device, to_figures, to_outages

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOTHING = to_figures(DeviceCounts(), 0, Percentiles())
DEVICE = {"id": 7, "host_name": "nas", "device_type": "NAS", "ip_address": "10.0.0.7", "tags": ["core"]}


@pytest.mark.parametrize("kind", [DeviceCounts, SummaryCounts])
def test_ratios_are_shares_of_what_was_observed(kind: type[DeviceCounts | SummaryCounts]) -> None:
    figures = to_figures(kind(up_seconds=600, down_seconds=300, unknown_seconds=100), 9000, Percentiles())
    assert (figures["up_ratio"], figures["down_ratio"], figures["unknown_ratio"]) == (0.6, 0.3, 0.1)


def test_where_nobody_looked_ratios_are_null() -> None:
    assert (NOTHING["up_ratio"], NOTHING["down_ratio"], NOTHING["unknown_ratio"]) == (None, None, None)


def test_bytes_are_an_eighth_of_bits() -> None:
    counts = DeviceCounts(
        upload_megabits=8.0, upload_known_seconds=60, download_megabits=0.00001, download_known_seconds=60
    )
    figures = to_figures(counts, 0, Percentiles())
    assert (figures["uploaded_bytes"], figures["downloaded_bytes"]) == (1_000_000, 1)


@pytest.mark.parametrize("kind", [DeviceCounts, SummaryCounts])
def test_bytes_are_null_where_no_speed_was_known_and_0_where_it_was_0(
    kind: type[DeviceCounts | SummaryCounts],
) -> None:
    figures = to_figures(kind(up_seconds=60, upload_known_seconds=60), 0, Percentiles())
    assert (figures["uploaded_bytes"], figures["downloaded_bytes"]) == (0, None)


def test_rates_are_told_as_they_are() -> None:
    figures = to_figures(DeviceCounts(), 0, Percentiles(1.5, None))
    assert (figures["upload_speed_95th"], figures["download_speed_95th"]) == (1.5, None)


def test_time_that_nobody_looked_is_never_negative() -> None:
    assert to_figures(DeviceCounts(), -60, Percentiles())["unobserved_seconds"] == 0


def test_means_of_a_device_are_over_its_outages() -> None:
    figures = to_figures(DeviceCounts(up_seconds=7200), 0, Percentiles())
    device = to_device(DEVICE, figures, [60, 180])
    told = (device["outages"], device["mean_seconds_between_failures"], device["mean_seconds_to_repair"])
    assert told == (2, 3600.0, 120.0)


def test_without_an_outage_there_are_no_means() -> None:
    device = to_device(DEVICE, NOTHING, [])
    assert (device["mean_seconds_between_failures"], device["mean_seconds_to_repair"]) == (None, None)


def test_the_longest_outages_come_first_by_their_length_within_the_range() -> None:
    long_before = Outage(7, NOON - 9 * HOUR, NOON + MINUTE, "first")
    within = Outage(7, NOON + HOUR, NOON + 2 * HOUR, None)
    told = to_outages({7: DEVICE}, [long_before, within], NOON, NOON + 24 * HOUR)
    assert [(one["begin"], one["seconds"], one["reason"]) for one in told] == [
        ("2026-10-20T13:00:00Z", 3600, None),
        ("2026-10-20T03:00:00Z", 60, "first"),
    ]


@pytest.mark.parametrize("end", [None, NOON + 2 * HOUR])
def test_one_that_went_on_at_the_end_of_the_range_has_no_end(end: datetime | None) -> None:
    (told,) = to_outages({7: DEVICE}, [Outage(7, NOON, end, None)], NOON, NOON + HOUR)
    assert (told["end"], told["seconds"]) == (None, 3600)


def test_of_very_many_outages_the_longest_are_told() -> None:
    outages = [Outage(7, NOON, NOON + number * MINUTE, None) for number in range(1, MOST_OUTAGES + 10)]
    told = to_outages({7: DEVICE}, outages, NOON, NOON + 24 * HOUR)
    assert (len(told), told[-1]["seconds"]) == (MOST_OUTAGES, 600)
