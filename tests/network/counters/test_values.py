from services.network.counters.values import NO_RATES, Counters, Rates, Sample, sum_speeds


def test_the_sum_leaves_out_what_is_not_known() -> None:
    assert sum_speeds([Rates(1.0, 2.0), NO_RATES, Rates(0.5, None)]) == (1.5, 2.0)


def test_a_sum_of_nothing_known_is_unknown() -> None:
    assert sum_speeds([NO_RATES, Rates(upload_speed=1.0)]) == (1.0, None)
    assert sum_speeds([]) == (None, None)


def test_a_sum_of_zeros_is_zero() -> None:
    assert sum_speeds([Rates(0.0, 0.0)]) == (0.0, 0.0)


def test_a_held_sample_has_no_rates_for_now() -> None:
    held = Sample("utc", 0, {"e": Counters(1, 1)}, rates={"e": Rates(1.0, 1.0)}, is_held=True)
    assert held.rates_of("e") == NO_RATES
