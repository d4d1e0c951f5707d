"""The simulated network is checked against the laws it promises; all samples are fixed, so that nothing flakes."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from services.network.hashes import Floats
from services.network.simulation import (
    CLASSIC_DOWNLOAD,
    CLASSIC_UPLOAD,
    Bools,
    Fleet,
    Observation,
    observe,
    observe_moments,
)

# A Monday, at midnight.
MONDAY = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
YEAR_1 = int(datetime(1, 1, 1, tzinfo=UTC).timestamp())
YEAR_9999 = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
BLOCK_SECONDS = 64 * 60
HOUR = 3600
DAY = 24 * HOUR
UPLOAD_RATE, DOWNLOAD_RATE = 100.0, 300.0

# Devices 1 to 6, seed 7, the even ones realistic, on that Monday at noon; device 3 is down.
GOLDEN = [
    [1, 1, 0, 1, 1, 1],
    [0.01, 0.23, 0.0, 0.19, 1.07, 16.71],
    [45.46, 1.46, 0.0, 1.1, 41.61, 195.07],
    [np.nan, 0.002472, np.nan, 0.000595, np.nan, 0.019653],
]

# SHA-256 of which of devices 1 to 300 are up at moments around the Unix epoch and from that Monday on. Integers alone
# decide that, so that it is the same on every machine.
GOLDEN_DIGEST = "69fc71bdc092d5610318888d8917f70be8c5c65570f12577056ee881fcfb7fdd"

MOMENTS = st.integers(min_value=YEAR_1, max_value=YEAR_9999)
SEEDS = st.integers(min_value=0, max_value=2**63 - 1)
IDS = st.lists(st.integers(min_value=-(2**63), max_value=2**63 - 1), unique=True, min_size=1, max_size=20)


def make_fleet(
    ids: Sequence[int], parent_ids: Sequence[int | None] | None = None, *, realistic: bool | None = None, seed: int = 7
) -> Fleet:
    """Devices of one profile; of both, by their ids, where none is named."""
    return Fleet.of(
        ids,
        [seed] * len(ids),
        parent_ids or [None] * len(ids),
        [device_id % 2 == 0 if realistic is None else realistic for device_id in ids],
        [(UPLOAD_RATE, DOWNLOAD_RATE)] * len(ids),
    )


def watch(fleet: Fleet, moments: Iterable[int]) -> Observation:
    """The fleet at each moment: rows are moments, columns devices."""
    seen = [observe(fleet, moment) for moment in moments]
    return Observation(
        np.array([one.up for one in seen]),
        np.array([one.upload_speed for one in seen]),
        np.array([one.download_speed for one in seen]),
        np.array([one.round_trip_seconds for one in seen]),
    )


def to_table(seen: Observation) -> Floats:
    """All that was seen, a column for each device."""
    return np.array([seen.up, seen.upload_speed, seen.download_speed, seen.round_trip_seconds])


def links_of(fleet: Fleet, at_seconds: int) -> Bools:
    """Which devices would be up without parents."""
    return observe(replace(fleet, parents=np.full_like(fleet.parents, -1)), at_seconds).up


def correlation(one: Bools | Floats, other: Bools | Floats) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.fixture(scope="module")
def classic() -> Observation:
    """4000 classic devices in each of 320 minutes."""
    return watch(make_fleet(range(4000), realistic=False), range(MONDAY, MONDAY + 320 * 60, 60))


@pytest.fixture(scope="module")
def realistic() -> Observation:
    """1000 realistic devices every 10 minutes of a week from Monday on."""
    return watch(make_fleet(range(1000), realistic=True), range(MONDAY, MONDAY + 7 * DAY, 600))


@pytest.fixture(scope="module")
def morning() -> Observation:
    """500 realistic devices every minute of a working day's 8 hours."""
    return watch(make_fleet(range(500), realistic=True), range(MONDAY + 8 * HOUR, MONDAY + 16 * HOUR, 60))


# Purity.


@given(ids=IDS, seed=SEEDS, at_seconds=MOMENTS)
def test_the_same_question_has_the_same_answer(ids: list[int], seed: int, at_seconds: int) -> None:
    first = observe(make_fleet(ids, seed=seed), at_seconds)
    assert_array_equal(to_table(first), to_table(observe(make_fleet(ids, seed=seed), at_seconds)))


@given(ids=IDS, at_seconds=MOMENTS)
def test_a_device_is_what_it_is_without_the_others(ids: list[int], at_seconds: int) -> None:
    together = to_table(observe(make_fleet(ids), at_seconds))
    alone = [to_table(observe(make_fleet([device_id]), at_seconds)) for device_id in ids]
    assert_array_equal(together, np.hstack(alone))


@given(order=st.permutations(range(12)), at_seconds=MOMENTS)
def test_the_order_of_a_tree_changes_nothing(order: list[int], at_seconds: int) -> None:
    parent_ids = [None, *((device_id - 1) // 2 for device_id in range(1, 12))]
    ordered = to_table(observe(make_fleet(range(12), parent_ids), at_seconds))
    shuffled = to_table(observe(make_fleet(order, [parent_ids[device_id] for device_id in order]), at_seconds))
    assert_array_equal(shuffled, ordered[:, order])


@given(at_seconds=MOMENTS)
def test_looking_changes_nothing_that_was_handed_in(at_seconds: int) -> None:
    fleet = make_fleet([1, 2, 3], [None, 1, 2])
    observe(fleet, at_seconds)
    assert_array_equal(fleet.parents, [-1, 0, 1])


def test_another_seed_is_another_network() -> None:
    ids = range(1000)
    one, other = (observe(make_fleet(ids, realistic=False, seed=seed), MONDAY).up for seed in (1, 2))
    assert abs(correlation(one, other)) < 0.13


def test_seed_and_id_are_no_substitute_for_each_other() -> None:
    fleets = make_fleet([6], realistic=False, seed=7), make_fleet([7], realistic=False, seed=6)
    one, other = (watch(fleet, range(MONDAY, MONDAY + DAY, 60)).up for fleet in fleets)
    assert abs(correlation(one, other)) < 0.2


def test_each_device_has_its_own_seed() -> None:
    rates = [(UPLOAD_RATE, DOWNLOAD_RATE)] * 2
    mixed = Fleet.of([1, 2], [7, 8], [None, None], [True, True], rates)
    alone = [make_fleet([1], realistic=True, seed=7), make_fleet([2], realistic=True, seed=8)]
    assert_array_equal(to_table(observe(mixed, MONDAY)), np.hstack([to_table(observe(one, MONDAY)) for one in alone]))


def test_the_past_stays_as_it_was() -> None:
    """Whoever changes these numbers changes the history of every simulated network."""
    seen = observe(make_fleet([1, 2, 3, 4, 5, 6]), MONDAY + 12 * HOUR)
    assert_array_equal(to_table(seen), GOLDEN)


def test_the_past_stays_as_it_was_in_bulk() -> None:
    """As above, over weeks, before 1970 too, in a chain, a circle and a tree."""
    parent_ids = [
        *range(2, 11),
        None,
        *range(12, 16),
        11,
        *(device_id % 4 * 100 or None for device_id in range(16, 301)),
    ]
    moments = np.concatenate([np.arange(200) * 3660 - 100 * 3660, MONDAY + np.arange(200) * 3660])
    up = observe_moments(make_fleet(range(1, 301), parent_ids), moments).up
    assert hashlib.sha256(np.packbits(up).tobytes()).hexdigest() == GOLDEN_DIGEST


def test_an_empty_fleet_shows_nothing() -> None:
    assert observe(make_fleet([]), MONDAY).up.shape == (0,)


@pytest.mark.parametrize("at_seconds", [YEAR_1, -1, 0, YEAR_9999])
def test_any_time_can_be_asked_for(at_seconds: int) -> None:
    seen = observe(make_fleet(range(2000)), at_seconds)
    assert 0.7 < seen.up.mean() < 0.8
    assert seen.download_speed.min() >= 0
    assert seen.download_speed.max() <= DOWNLOAD_RATE


@given(
    ids=IDS,
    seed=SEEDS,
    profiles=st.sampled_from([True, False, None]),
    picks=st.lists(st.integers(min_value=0, max_value=25), min_size=20, max_size=20),
    moments=st.lists(MOMENTS, max_size=8),
    step_seconds=st.sampled_from([1, 60, 86_400]),
)
def test_many_moments_at_once_show_what_each_shows_alone(
    ids: list[int], seed: int, profiles: bool | None, picks: list[int], moments: list[int], step_seconds: int
) -> None:
    """To the last bit, whatever hangs on whatever, itself and circles included, in whatever order."""
    parent_ids = [ids[pick] if pick < len(ids) else None for pick, _ in zip(picks, ids, strict=False)]
    fleet = make_fleet(ids, parent_ids, realistic=profiles, seed=seed)
    asked = [*moments, *range(-2 * step_seconds, 3 * step_seconds, step_seconds)]
    together = observe_moments(fleet, np.array(asked))
    assert together.up.shape == (len(asked), len(ids))
    assert to_table(together).tobytes() == to_table(watch(fleet, asked)).tobytes()


# Profile classic.


def test_classic_links_flip_with_probability_one_fifth_each_minute(classic: Observation) -> None:
    assert_allclose((classic.up[1:] != classic.up[:-1]).mean(), 0.2, atol=0.0015)


@pytest.mark.parametrize("start", [pytest.param(MONDAY, id="2026"), pytest.param(YEAR_1, id="year 1")])
def test_classic_links_flip_with_probability_one_fifth_from_one_block_to_the_next(start: int) -> None:
    fleet = make_fleet(range(4000), realistic=False)
    borders = range((start // BLOCK_SECONDS + 1) * BLOCK_SECONDS, start + 65 * BLOCK_SECONDS, BLOCK_SECONDS)
    flips = watch(fleet, borders).up != watch(fleet, (border - 60 for border in borders)).up
    assert_allclose(flips.mean(), 0.2, atol=0.0035)


def test_classic_links_flip_with_probability_one_fifth_at_each_place_of_a_block(classic: Observation) -> None:
    flips = classic.up[1:] != classic.up[:-1]
    assert_allclose(flips[:256].reshape(4, 64, 4000).mean(axis=(0, 2)), 0.2, atol=0.013)


@pytest.mark.parametrize("up", [True, False])
def test_classic_links_flip_as_often_from_up_as_from_down(classic: Observation, up: bool) -> None:
    flips = classic.up[1:] != classic.up[:-1]
    assert_allclose(flips[classic.up[:-1] == up].mean(), 0.2, atol=0.002)


@pytest.mark.parametrize("minutes", [1, 2, 3, 16, 64])
def test_a_classic_flip_tells_nothing_of_later_flips(classic: Observation, minutes: int) -> None:
    flips = classic.up[1:] != classic.up[:-1]
    assert abs(correlation(flips[minutes:], flips[:-minutes])) < 0.0045


@pytest.mark.parametrize("minutes", [1, 2, 5, 10, 63])
def test_a_classic_link_forgets_as_the_chain_does(classic: Observation, minutes: int) -> None:
    assert_allclose(correlation(classic.up[minutes:], classic.up[:-minutes]), 0.6**minutes, atol=0.007)


def test_classic_links_are_up_half_of_the_time(classic: Observation) -> None:
    assert_allclose(classic.up.mean(), 0.5, atol=0.004)


def test_classic_links_do_not_flip_within_a_minute() -> None:
    up = watch(make_fleet(range(1000), realistic=False), range(MONDAY, MONDAY + 60)).up
    assert_array_equal(up, np.broadcast_to(up[0], up.shape))


def test_classic_links_of_neighbours_are_independent(classic: Observation) -> None:
    assert abs(correlation(classic.up[:, 1:], classic.up[:, :-1])) < 0.008


def test_classic_uploads_are_uniform_from_0_to_12(classic: Observation) -> None:
    deciles = np.quantile(classic.upload_speed[classic.up], np.linspace(0, 1, 11))
    assert_allclose(deciles, np.linspace(0, CLASSIC_UPLOAD, 11), atol=0.05)


def test_classic_downloads_are_uniform_from_0_to_70(classic: Observation) -> None:
    deciles = np.quantile(classic.download_speed[classic.up], np.linspace(0, 1, 11))
    assert_allclose(deciles, np.linspace(0, CLASSIC_DOWNLOAD, 11), atol=0.3)


def test_classic_uploads_take_each_hundredth(classic: Observation) -> None:
    assert_array_equal(np.unique(classic.upload_speed[classic.up]), np.arange(1201) / 100)


def test_classic_upload_and_download_are_independent(classic: Observation) -> None:
    assert abs(correlation(classic.upload_speed[classic.up], classic.download_speed[classic.up])) < 0.005


def test_classic_speeds_are_new_each_second() -> None:
    seen = watch(make_fleet(range(1000), realistic=False), range(MONDAY, MONDAY + 60))
    same = (np.diff(seen.upload_speed, axis=0) == 0) & (np.diff(seen.download_speed, axis=0) == 0)
    assert same[:, seen.up[0]].mean() < 0.0001


def test_a_classic_device_has_no_round_trip(classic: Observation) -> None:
    assert np.isnan(classic.round_trip_seconds).all()


# Profile realistic.


def test_load_stays_for_minutes_and_then_fades(morning: Observation) -> None:
    around = morning.download_speed - morning.download_speed.mean(axis=0)
    after_1, after_10, after_60 = (correlation(around[n:], around[:-n]) for n in (1, 10, 60))
    assert after_1 > 0.8
    assert after_1 > after_10 + 0.3 > after_60 + 0.4


def test_a_day_is_busier_than_a_night(realistic: Observation) -> None:
    hours = realistic.download_speed.mean(axis=1).reshape(7, 24, 6).mean(axis=(0, 2))
    assert hours[10:16].mean() > 5 * hours[1:4].mean()


def test_each_device_has_its_own_hours() -> None:
    """Which devices are early in the first month are early in the second."""
    fleet = make_fleet(range(500), realistic=True)
    early, late = (watch(fleet, range(MONDAY + hour * HOUR, MONDAY + 60 * DAY, DAY)).download_speed for hour in (7, 10))
    first, second = (
        np.median(early[days], axis=0) / np.median(late[days], axis=0) for days in np.split(np.arange(60), 2)
    )
    assert correlation(first, second) > 0.5


def test_a_weekend_is_quieter_than_the_week(realistic: Observation) -> None:
    days = realistic.download_speed.mean(axis=1).reshape(7, 144).mean(axis=1)
    assert days[5:].max() < 0.85 * days[:5].min()


def test_devices_idle_most_of_the_time(realistic: Observation) -> None:
    assert np.median(realistic.download_speed) < 0.01 * DOWNLOAD_RATE


def test_upload_is_no_fixed_share_of_download(morning: Observation) -> None:
    shares = (morning.upload_speed / np.maximum(morning.download_speed, 0.01))[:, morning.up.all(axis=0)]
    assert np.median(shares.std(axis=0) / shares.mean(axis=0)) > 0.2


def test_bursts_fill_the_line(realistic: Observation) -> None:
    assert 0.0001 < (realistic.download_speed == DOWNLOAD_RATE).mean() < 0.01


@given(
    upload_rate=st.integers(min_value=0, max_value=10_000),
    download_rate=st.integers(min_value=0, max_value=10_000),
    at_seconds=MOMENTS,
)
def test_no_device_is_faster_than_its_line(upload_rate: int, download_rate: int, at_seconds: int) -> None:
    fleet = Fleet.of(range(100), [7] * 100, [None] * 100, [True] * 100, [(upload_rate, download_rate)] * 100)
    seen = observe(fleet, at_seconds)
    assert seen.upload_speed.max() <= upload_rate
    assert seen.download_speed.max() <= download_rate


def test_a_faster_line_carries_more() -> None:
    fleet = Fleet.of([1, 1], [7, 7], [None, None], [True, True], [(10, 20), (1000, 2000)])
    slow, fast = watch(fleet, range(MONDAY, MONDAY + DAY, 600)).download_speed.sum(axis=0)
    assert_allclose(fast, 100 * slow, rtol=0.02)


def test_devices_are_up_for_99_and_a_quarter_percent_of_the_time() -> None:
    """So much only if an outage goes on beyond the slot that it began in."""
    up = watch(make_fleet(range(5000), realistic=True), range(MONDAY, MONDAY + 200 * DAY, DAY - HOUR)).up
    assert_allclose(up.mean(), 0.9924, atol=0.0005)


def test_outages_last_minutes_to_hours() -> None:
    up = watch(make_fleet(range(300), realistic=True), range(MONDAY, MONDAY + 5 * DAY, 60)).up
    fences = np.vstack([np.ones(300), up, np.ones(300)]).T
    starts, ends = (np.flatnonzero(np.diff(fences).ravel() == change) for change in (-1, 1))
    minutes = ends - starts
    assert 10 < np.median(minutes) < 60
    assert minutes.min() >= 2
    assert 180 < minutes.max() < 12 * 60


def test_outages_begin_at_any_second() -> None:
    """Devices do not fail together: no minute of a day has many times its share of outages."""
    up = watch(make_fleet(range(2000), realistic=True), range(MONDAY, MONDAY + DAY, 300)).up
    assert (~up).sum(axis=1).max() < 40


def test_a_large_network_does_not_pulse() -> None:
    """Devices do not begin their bursts and tasks together: what all carry is nearly the same from minute to minute."""
    moments = range(MONDAY + 12 * HOUR, MONDAY + 13 * HOUR, 60)
    carried = watch(make_fleet(range(5000), realistic=True), moments).download_speed.sum(axis=1)
    assert_allclose(carried, carried.mean(), rtol=0.2)


def test_a_realistic_device_changes_from_second_to_second() -> None:
    speeds = watch(make_fleet(range(1000), realistic=True), range(MONDAY + 12 * HOUR, MONDAY + 12 * HOUR + 60))
    assert (np.diff(speeds.download_speed, axis=0) == 0).mean() < 0.2


def test_round_trips_are_those_of_a_network(realistic: Observation) -> None:
    assert realistic.round_trip_seconds[realistic.up].min() >= 0.0003
    assert realistic.round_trip_seconds[realistic.up].max() <= 0.2


def test_a_full_line_answers_late(realistic: Observation) -> None:
    full = realistic.download_speed > 0.9 * DOWNLOAD_RATE
    assert realistic.round_trip_seconds[full].mean() > 0.02 + np.nanmean(realistic.round_trip_seconds)


def test_what_is_down_has_no_round_trip(realistic: Observation) -> None:
    assert_array_equal(np.isnan(realistic.round_trip_seconds), ~realistic.up)


# Both profiles.


@pytest.mark.parametrize("profile", ["classic", "realistic"])
def test_what_is_down_carries_nothing(profile: str, request: pytest.FixtureRequest) -> None:
    seen: Observation = request.getfixturevalue(profile)
    assert seen.upload_speed[~seen.up].sum() == seen.download_speed[~seen.up].sum() == 0


@pytest.mark.parametrize("profile", ["classic", "realistic"])
def test_speeds_have_two_decimals(profile: str, request: pytest.FixtureRequest) -> None:
    seen: Observation = request.getfixturevalue(profile)
    assert_array_equal(seen.download_speed, np.round(seen.download_speed, 2))


@given(picks=st.lists(st.integers(min_value=-1, max_value=30), min_size=1, max_size=30), at_seconds=MOMENTS)
def test_a_device_is_up_if_its_link_is_and_its_parent(picks: list[int], at_seconds: int) -> None:
    """In any tree: device n hangs on one before it, or on one that is not in the fleet."""
    parent_ids = [min(pick, device_id - 1) for device_id, pick in enumerate(picks)]
    fleet = make_fleet(range(len(picks)), parent_ids)
    up = observe(fleet, at_seconds).up
    # Index -1 finds the entry added at the end.
    assert_array_equal(up, links_of(fleet, at_seconds) & np.append(up, True)[fleet.parents])


def test_a_chain_is_up_as_far_as_no_link_is_down() -> None:
    chain = make_fleet(range(5000), [None, *range(4999)], realistic=True)
    links = links_of(chain, MONDAY)
    assert_array_equal(observe(chain, MONDAY).up, np.logical_and.accumulate(links))


@given(size=st.integers(min_value=1, max_value=9), at_seconds=MOMENTS)
def test_a_circle_of_parents_is_up_if_all_its_links_are(size: int, at_seconds: int) -> None:
    circle = make_fleet(range(size), [(device_id + 1) % size for device_id in range(size)])
    assert_array_equal(observe(circle, at_seconds).up, np.repeat(links_of(circle, at_seconds).all(), size))


def test_a_parent_that_is_not_in_the_fleet_counts_as_none() -> None:
    ids = range(100)
    assert_array_equal(observe(make_fleet(ids, [1000] * 100), MONDAY).up, observe(make_fleet(ids), MONDAY).up)
