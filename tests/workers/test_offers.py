import pytest

from workers import offers
from workers.offers import Offers


def test_an_offer_is_made_once_until_its_time_is_over() -> None:
    made = Offers()
    assert [made.next_id("refresh:12:2") for _ in range(3)] == ["refresh:12:2", None, None]


def test_each_further_offer_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "OFFER_SECONDS", 0)
    made = Offers()
    assert [made.next_id("a") for _ in range(3)] == ["a", "a.2", "a.3"]
    assert made.next_id("b") == "b"


def test_only_the_newest_offers_are_remembered() -> None:
    made = Offers()
    assert all(made.next_id(str(number)) for number in range(1001))
    assert made.next_id("1000") is None
    assert made.next_id("0") == "0"
