import asyncio

import pytest

from dashnet.tasks import cancel_and_wait
from services.app.refusals import MOST_ADDRESSES, MOST_WRONG_PASSWORDS, REMEMBERED_SECONDS, Refusals, group_address

WRONG = "wrong_password"


class Clock:
    """Stands still until a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refusals(clock: Clock) -> Refusals:
    return Refusals(clock)


def note(refusals: Refusals, count: int, host: str = "192.0.2.1", code: str = WRONG) -> None:
    for _ in range(count):
        refusals.note(code, host)


def test_an_address_is_over_the_bound_after_ten(refusals: Refusals) -> None:
    note(refusals, MOST_WRONG_PASSWORDS - 1)
    assert not refusals.is_over_bound("192.0.2.1")
    note(refusals, 1)
    assert refusals.is_over_bound("192.0.2.1")
    assert not refusals.is_over_bound("192.0.2.2")


def test_other_refusals_do_not_count_as_guesses(refusals: Refusals) -> None:
    note(refusals, 100, code="unknown_type")
    assert not refusals.is_over_bound("192.0.2.1")


def test_an_address_is_forgotten_after_a_minute_though_it_goes_on(refusals: Refusals, clock: Clock) -> None:
    note(refusals, MOST_WRONG_PASSWORDS)
    clock.now += REMEMBERED_SECONDS / 2
    note(refusals, 1)
    clock.now += REMEMBERED_SECONDS / 2
    assert not refusals.is_over_bound("192.0.2.1")
    assert len(refusals) == 0


def test_the_first_is_logged_at_once_and_the_others_in_one_line(
    refusals: Refusals, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    note(refusals, 13)
    clock.now += REMEMBERED_SECONDS
    refusals.sum_up()
    assert [record.getMessage() for record in caplog.records] == [
        "control message refused code=wrong_password address=192.0.2.1",
        "control messages refused code=wrong_password address=192.0.2.1 count=13 seconds=60",
    ]


def test_the_memory_is_bounded_and_the_oldest_address_goes_first(refusals: Refusals) -> None:
    for number in range(MOST_ADDRESSES + 5):
        note(refusals, 1, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(refusals) == MOST_ADDRESSES


async def test_what_is_not_summed_up_yet_is_when_the_service_ends(
    refusals: Refusals, caplog: pytest.LogCaptureFixture
) -> None:
    task = asyncio.create_task(refusals.keep_summed_up())
    await asyncio.sleep(0)
    note(refusals, 3)
    await cancel_and_wait(task)
    assert "count=3" in caplog.text


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::1", "::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_address_counts_with_its_network(host: str | None, group: str) -> None:
    assert group_address(host) == group
