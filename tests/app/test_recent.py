from services.app.message import Message
from services.app.recent import Recent


def keep(limit_bytes: int, *seqs: int) -> Recent:
    """Messages of ten bytes."""
    recent = Recent(limit_bytes)
    for seq in seqs:
        recent.keep(Message(b"x" * 10, seq))
    return recent


def seqs(recent: Recent, count: int) -> list[int] | None:
    newest = recent.newest(count)
    return None if newest is None else [message.seq for message in newest]


def test_the_newest_come_in_order() -> None:
    recent = keep(100, 1, 2, 3)
    assert [seqs(recent, count) for count in (0, 2, 3)] == [[], [2, 3], [1, 2, 3]]


def test_what_is_no_longer_here_in_full_is_not_told_in_part() -> None:
    assert seqs(keep(100, 1, 2, 3), 4) is None


def test_the_oldest_make_room() -> None:
    recent = keep(25, 1, 2, 3)
    assert (seqs(recent, 2), seqs(recent, 3)) == ([2, 3], None)


def test_a_message_larger_than_the_bound_is_not_kept() -> None:
    assert seqs(keep(5, 1), 1) is None


def test_after_a_clear_there_is_room_for_as_much_as_at_first() -> None:
    recent = keep(20, 1, 2)
    recent.clear()
    recent.keep(Message(b"x" * 20, 3))
    assert (seqs(recent, 1), seqs(recent, 2)) == ([3], None)
