from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise

from hypothesis import given
from hypothesis import strategies as st

from dashnet.history.plan import make_plan
from dashnet.history.tiers import EPOCH, Extent, Tier, floor_to

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NOW = DAY + timedelta(days=4, hours=3, minutes=17)


def extent(**values: datetime) -> Extent:
    """All tiers hold everything, but for what is given."""
    since = dict.fromkeys(
        ("raw_since", "simulated_raw_since", "five_minutes_since", "hours_since", "days_since"), EPOCH
    )
    return Extent(**{"rolled_until": floor_to(NOW, timedelta(minutes=5)), **since, **values})


def test_the_middle_is_read_by_days_the_edges_by_ever_finer_rows() -> None:
    begin, end = DAY + timedelta(hours=22, minutes=53), NOW
    plan = make_plan([begin, end], extent(), simulated=False)
    assert plan.stretches == {
        Tier.RAW: [
            (begin, DAY + timedelta(hours=22, minutes=55)),
            (DAY + timedelta(days=4, hours=3, minutes=15), end),
        ],
        Tier.FIVE_MINUTES: [
            (DAY + timedelta(hours=22, minutes=55), DAY + timedelta(hours=23)),
            (DAY + timedelta(days=4, hours=3), DAY + timedelta(days=4, hours=3, minutes=15)),
        ],
        Tier.HOUR: [
            (DAY + timedelta(hours=23), DAY + timedelta(days=1)),
            (DAY + timedelta(days=4), DAY + timedelta(days=4, hours=3)),
        ],
        Tier.DAY: [(DAY + timedelta(days=1), DAY + timedelta(days=4))],
    }
    assert plan.is_exact


def test_an_edge_where_finer_rows_are_gone_moves_to_the_row_that_holds_it() -> None:
    edges = [DAY + timedelta(minutes=30), DAY + timedelta(hours=5, minutes=59)]
    plan = make_plan(edges, extent(raw_since=NOW, five_minutes_since=NOW), simulated=False)
    assert (plan.edges, plan.is_exact) == ([DAY, DAY + timedelta(hours=5)], False)


def test_of_simulated_devices_the_raw_tier_reaches_less_far_back() -> None:
    edges = [DAY + timedelta(minutes=1), DAY + timedelta(minutes=2)]
    asked = extent(simulated_raw_since=DAY + timedelta(hours=1))
    assert make_plan(edges, asked, simulated=False).tiers == [Tier.RAW]
    assert make_plan(edges, asked, simulated=True).is_exact is False


def test_parts_that_are_not_wanted_are_not_read() -> None:
    edges = [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2), DAY + timedelta(days=3)]
    plan = make_plan(edges, extent(), simulated=False, wanted=[True, False, True])
    assert plan.stretches == {Tier.DAY: [(edges[0], edges[1]), (edges[2], edges[3])]}


_MOMENTS = st.integers(0, 5 * 86_400).map(lambda seconds: DAY + timedelta(seconds=seconds))


@given(
    edges=st.lists(_MOMENTS, min_size=2, max_size=8, unique=True).map(sorted),
    rolled=_MOMENTS.map(lambda moment: floor_to(moment, timedelta(minutes=5))),
    simulated=st.booleans(),
)
def test_every_moment_is_read_once_from_a_tier_that_holds_it(
    edges: list[datetime], rolled: datetime, simulated: bool
) -> None:
    kept = extent(rolled_until=rolled)
    plan = make_plan(edges, kept, simulated=simulated)
    ordered = sorted(chain.from_iterable(plan.stretches.values()))
    assert ordered[0][0] == edges[0]
    assert ordered[-1][1] == edges[-1]
    assert all(first[1] == second[0] for first, second in pairwise(ordered))
    assert all(
        begin == floor_to(begin, tier.step)
        and end == floor_to(end, tier.step)
        and end <= kept.reach(tier, simulated=simulated)[1]
        for tier, stretches in plan.stretches.items()
        for begin, end in stretches
    )
