from dashnet.edge import NetworkKind
from dashnet.history.counts import SummaryCounts
from dashnet.history.traffic import Percentiles
from workers.figures import to_figures
from workers.network_figures import make_day, make_network, make_traffic

MEGABYTE = SummaryCounts(upload_megabits=8.0, upload_known_seconds=60, up_seconds=60)
UNKNOWN = SummaryCounts(up_seconds=60)


def test_real_and_simulated_traffic_are_apart_and_the_unknown_is_null() -> None:
    found = {
        NetworkKind.SIMULATED: {0: MEGABYTE},
        NetworkKind.REAL: {0: MEGABYTE, 1: MEGABYTE},
        NetworkKind.ALL: {0: UNKNOWN, 1: UNKNOWN},
    }
    real, simulated = make_traffic(found, {NetworkKind.REAL: Percentiles(2.0, None)}, 2)
    assert (real["kind"], real["uploaded_bytes"], real["downloaded_bytes"]) == ("real", 2_000_000, None)
    assert (real["upload_speed_95th"], simulated["upload_speed_95th"]) == (2.0, None)
    assert [day["uploaded_bytes"] for day in simulated["days"]] == [1_000_000, None]


def test_traffic_from_before_kinds_were_kept_apart_is_of_all() -> None:
    found = {NetworkKind.SIMULATED: {1: MEGABYTE}, NetworkKind.REAL: {}, NetworkKind.ALL: {0: MEGABYTE, 1: UNKNOWN}}
    assert [one["kind"] for one in make_traffic(found, {}, 2)] == ["simulated", "all"]


def test_the_network_and_its_days_repeat_the_first_kind_alone() -> None:
    found = {NetworkKind.SIMULATED: {0: MEGABYTE, 1: MEGABYTE}, NetworkKind.REAL: {0: MEGABYTE}, NetworkKind.ALL: {}}
    traffic = make_traffic(found, {NetworkKind.REAL: Percentiles(2.0, None)}, 2)
    states = to_figures(UNKNOWN, 0, Percentiles())
    network, first, second = make_network(states, traffic), *(make_day("", states, traffic, day) for day in (0, 1))
    assert (network["uploaded_bytes"], network["upload_speed_95th"], network["up_seconds"]) == (1_000_000, 2.0, 60)
    assert (network["downloaded_bytes"], first["uploaded_bytes"], second["uploaded_bytes"]) == (None, 1_000_000, None)


def test_without_any_kind_the_network_has_no_traffic_that_is_known() -> None:
    network = make_network(to_figures(MEGABYTE, 0, Percentiles(1.0, 1.0)), [])
    day = make_day("2026-10-25", network, [], 0)
    assert (network["uploaded_bytes"], network["upload_speed_95th"], day["uploaded_bytes"]) == (None, None, None)
