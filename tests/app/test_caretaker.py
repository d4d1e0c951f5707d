import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from dashnet.publication import Position
from dashnet.tasks import cancel_and_wait
from services.app.caretaker import Caretaker
from services.app.close_codes import CloseCode
from services.app.hub import Hub
from services.app.message import Message
from services.app.panel import Panel
from services.app.subscriber import Subscriber
from services.app.views import ALL_DEVICES, View
from tests.app.connections import HeldConnection, written_to
from tests.app.test_hub import TurnCounter, settle
from tests.servers import eventually

STALL_SECONDS = 0.2


def make_hub() -> Hub:
    hub = Hub(backlog_limit=1000, recent_limit=1000)
    hub.replace(Panel(Position("e", 1)))
    return hub


@asynccontextmanager
async def caring(hub: Hub, encode_full_state: Callable[[], Awaitable[Message]]) -> AsyncIterator[Caretaker]:
    """A caretaker at all its duties."""
    caretaker = Caretaker(hub, encode_full_state, STALL_SECONDS)
    duties = (caretaker.make_states(hub.due), caretaker.make_states(hub.due_2020), caretaker.close_stalled())
    tasks = [asyncio.create_task(duty) for duty in duties]
    try:
        yield caretaker
    finally:
        for task in tasks:
            await cancel_and_wait(task)


def join(hub: Hub, view: View | None = ALL_DEVICES) -> Subscriber:
    subscriber = Subscriber(HeldConnection(), hub, view)
    hub.add(subscriber)
    return subscriber


async def encode_nothing() -> Message:
    return Message(b"[]")


async def test_a_state_is_made_once_for_all_who_are_due_it() -> None:
    hub = make_hub()
    async with caring(hub, encode_nothing):
        subscribers = [join(hub) for _ in range(1000)]
        await eventually(lambda: asyncio.sleep(0, written_to(subscribers[-1]).written))
        await settle()
    assert len({id(written_to(one).written[0]) for one in subscribers}) == 1


async def test_nobody_on_live_waits_for_the_array_of_2020() -> None:
    hub, is_made = make_hub(), asyncio.Event()

    async def encode_slowly() -> Message:
        await is_made.wait()
        return Message(b"[]")

    async with caring(hub, encode_slowly):
        old = join(hub, None)
        await settle()
        new = join(hub)
        await settle()
        assert (len(written_to(old).written), len(written_to(new).written)) == (0, 1)
        is_made.set()
        await settle()
        assert len(written_to(old).written) == 1


async def test_who_changes_its_view_while_another_state_is_compressed_gets_the_new_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub, is_compressed = make_hub(), asyncio.Event()

    async def compress_slowly(*_: object) -> None:
        await is_compressed.wait()

    monkeypatch.setattr("services.app.caretaker.compress", compress_slowly)
    async with caring(hub, encode_nothing):
        views = [View(search=text) for text in "abc"]
        subscribers = [join(hub, view) for view in views]
        await settle()
        # One of them is at the compression; the others wait behind it.
        for subscriber in subscribers:
            hub.change_view(subscriber, View(search="new"))
        is_compressed.set()
        await settle()
        assert [len(written_to(one).written) for one in subscribers] == [1, 1, 1]
        assert list(hub._memberships) == [View(search="new")]


@pytest.mark.parametrize(
    ("error", "code"),
    [(ConnectionRefusedError(), CloseCode.TRY_AGAIN_LATER), (ZeroDivisionError(), CloseCode.INTERNAL_ERROR)],
)
async def test_a_state_that_cannot_be_made_closes_with_its_code_and_the_next_is_made(
    error: Exception, code: CloseCode
) -> None:
    hub, faults = make_hub(), [error]

    async def encode_after_a_fault() -> Message:
        if faults:
            raise faults.pop()
        return Message(b"[]")

    async with caring(hub, encode_after_a_fault):
        first = join(hub, None)
        await settle()
        second = join(hub, None)
        await settle()
    ended = written_to(first).ended
    assert ended is not None
    assert ended[0] == code
    assert len(written_to(second).written) == 1


async def test_who_takes_nothing_for_too_long_is_closed_once_and_who_drains_is_not() -> None:
    hub = make_hub()
    async with caring(hub, encode_nothing) as caretaker:
        stalled, slow = join(hub), join(hub)
        await settle()
        stalled.on_full()
        slow.on_full()
        slow.on_drained()
        await eventually(lambda: asyncio.sleep(0, written_to(stalled).ended))
    assert written_to(stalled).ended == (CloseCode.TOO_SLOW, "nothing was taken for too long")
    assert written_to(slow).ended is None
    assert caretaker.slow_closes == 1


async def test_who_takes_something_of_a_large_state_is_not_closed_and_who_takes_hardly_anything_is() -> None:
    hub = make_hub()
    async with caring(hub, encode_nothing):
        steady, hopeless = join(hub), join(hub)
        await settle()
        for subscriber in (steady, hopeless):
            written_to(subscriber).waiting_bytes = 100 * hub.backlog_limit
            subscriber.on_full()

        async def is_closed() -> bool:
            written_to(steady).waiting_bytes -= hub.backlog_limit // 10
            written_to(hopeless).waiting_bytes -= 1
            return written_to(hopeless).ended is not None

        await eventually(is_closed)
        assert written_to(steady).waiting_bytes > 0
        assert written_to(steady).ended is None


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is done takes longer than a turn may."""
    monkeypatch.setattr("services.app.audience.LONGEST_TURN_SECONDS", 0)


async def test_others_have_their_turn_between_the_states_of_many_views(short_turns: None) -> None:
    hub, turns = make_hub(), TurnCounter()
    async with caring(hub, encode_nothing):
        subscribers = [join(hub, View(search=str(number))) for number in range(50)]
        counting = asyncio.create_task(turns.count_on())
        await eventually(lambda: asyncio.sleep(0, all(written_to(one).written for one in subscribers)))
        await cancel_and_wait(counting)
    assert turns.count >= 50
