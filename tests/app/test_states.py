import pytest

from services.app.message import Message
from services.app.states import States
from services.app.views import View

ONE, OTHER = View(search="one"), View(search="other")
STATE = Message(b"x" * 10, 1)


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for one lone state."""
    monkeypatch.setattr("services.app.states.MOST_LONE_BYTES", 15)


def test_a_lone_state_is_kept_as_long_as_there_is_room() -> None:
    states = States()
    states.keep(ONE, STATE, is_shared=False)
    states.keep(OTHER, STATE, is_shared=False)
    assert (states.get(ONE), states.get(OTHER)) == (STATE, None)


def test_a_shared_state_needs_no_room() -> None:
    states = States()
    states.keep(ONE, STATE, is_shared=False)
    states.keep(OTHER, STATE, is_shared=True)
    assert states.get(OTHER) is STATE


def test_a_view_that_nobody_has_any_more_gives_its_room_back() -> None:
    states = States()
    states.keep(ONE, STATE, is_shared=False)
    states.discard(ONE)
    states.discard(ONE)
    states.keep(OTHER, STATE, is_shared=False)
    assert (states.get(ONE), states.get(OTHER)) == (None, STATE)


def test_another_position_drops_all_and_gives_all_room_back() -> None:
    states = States()
    states.keep(ONE, STATE, is_shared=False)
    states.clear()
    assert len(states) == 0
    states.keep(OTHER, STATE, is_shared=False)
    assert states.get(OTHER) is STATE
