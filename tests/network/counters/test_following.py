import pytest

from services.network.counters.clocks import BY_OUR_CLOCK, FIRST
from services.network.counters.following import STANDS_STILL, explain, follow
from services.network.counters.growth import MISSING, WENT_BACK
from services.network.counters.values import NO_RATES, SHORTEST_SECONDS, Rates, Sample
from tests.network.counters.samples import MEGABYTE, octets, rates_between, sample, speeds_of


def test_the_first_sample_gives_no_rates_and_says_so() -> None:
    first = follow(None, sample(0, eth0=octets(7, 7)))
    assert (first.rates_of("eth0"), explain(first, ["eth0"])) == (NO_RATES, FIRST)


def test_readers_within_the_shortest_time_share_one_sample() -> None:
    earlier = sample(0, uptime=100, e=octets(0, 0))
    assert follow(earlier, sample(SHORTEST_SECONDS / 2, uptime=100.4, e=octets(9, 9))) is earlier


def test_a_sample_carries_its_rates_on() -> None:
    followed = follow(sample(0, e=octets(0, 0)), sample(8, e=octets(MEGABYTE, 0)))
    assert speeds_of(followed.rates["e"]) == (1.0, 0.0)


@pytest.mark.parametrize("later", [sample(60), sample(60, f=octets(9, 9))])
def test_an_interface_that_vanished_has_no_rates(later: Sample) -> None:
    assert "e" not in rates_between(sample(0, e=octets(1, 1)), later)


def cached(*counts: int, every: float = 60.0) -> list[Sample]:
    """A device that sends, and whose agent keeps its counters for a while."""
    followed: list[Sample] = []
    for number, count in enumerate(counts):
        later = sample(number * every, uptime=1000 + number * every, e=octets(count, 0))
        followed.append(follow(followed[-1] if followed else None, later, may_cache=True))
    return followed


def test_counters_that_an_agent_keeps_for_a_while_give_means_and_no_zeros() -> None:
    minute = 60 * MEGABYTE
    followed = cached(0, minute, minute, 3 * minute, 3 * minute, 5 * minute)
    assert [one.rates_of("e").upload_speed for one in followed] == [None, 8.0, None, 8.0, None, 8.0]
    assert [explain(one, ["e"]) for one in followed[1:4]] == [None, STANDS_STILL, None]


def test_a_busy_device_that_stops_is_at_zero_after_a_while() -> None:
    followed = cached(0, *[60 * MEGABYTE] * 5)
    assert [one.rates_of("e").upload_speed for one in followed] == [None, 8.0, None, None, 0.0, 0.0]


def test_an_idle_device_is_at_zero_at_once() -> None:
    assert [one.rates_of("e").upload_speed for one in cached(7, 7, 7)] == [None, 0.0, 0.0]


def test_a_machine_that_keeps_no_counters_is_at_zero_at_once() -> None:
    busy = follow(sample(0, e=octets(0, 0)), sample(60, e=octets(MEGABYTE, 0)))
    assert follow(busy, sample(120, e=octets(MEGABYTE, 0))).rates_of("e").upload_speed == 0.0


def test_all_is_well_says_nothing() -> None:
    assert explain(follow(sample(0, e=octets(0, 0)), sample(8, e=octets(0, 0))), ["e"]) is None


def test_interfaces_without_a_rate_are_named_with_their_reasons() -> None:
    rates = {f"eth{number}": Rates(reason=WENT_BACK) for number in range(5)}
    rates |= {"vlan1": Rates(upload_speed=1.0), "eth9": Rates(1.0, 1.0)}
    said = explain(Sample("utc", 0, {}, rates=rates), rates)
    assert said == (
        f"6 of 7 interfaces have no rate: counters went back (eth0, eth1, eth2 and 2 more), {MISSING} (vlan1)"
    )


def test_one_interface_has_no_rate() -> None:
    rates = {"e": Rates(reason=WENT_BACK)}
    assert explain(Sample("utc", 0, {}, rates=rates), rates) == "1 of 1 interface has no rate: counters went back (e)"


def test_rates_by_our_clock_say_so() -> None:
    rates = {"e": Rates(1.0, 1.0)}
    assert explain(Sample("utc", 0, {}, rates=rates, note=BY_OUR_CLOCK), rates) == BY_OUR_CLOCK
