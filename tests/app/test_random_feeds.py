"""Random publications, connections and disasters: whenever it is quiet, every subscriber has the hub's panel.

Two replicas serve. Each subscriber checks for itself, message by message, that a seq comes once and in order or that a
state covers it. Sockets are narrow and the backlog is small, so that who does not read is soon behind.
"""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from dashnet.publication import Kind, read_position
from dashnet.settings import Settings
from tests.app.followers import INTERFACES, VIEWS, Follower, NarrowProtocol
from tests.app.stored_devices import StoredDevices
from tests.app.test_membership import fits
from tests.app.test_relay import kill_redis, kill_relays
from tests.conftest import run_app
from tests.feeds import ReceivedPanel, open_feed
from tests.ports import free_port
from tests.servers import eventually

DEVICES = range(1, 7)
TAGS = ("lab", "core")
PLACES = st.integers(0, 8)
QUERIES = st.sampled_from([*VIEWS, "", ""])  # only who sees everything can go on where it left off
REPLICAS = st.integers(0, 1)
REFRESHES = st.dictionaries(st.sampled_from(DEVICES), st.sampled_from([True, True, False, False, None]), min_size=3)
DISASTERS = ["relays cut", "flushed", "paused", "killed", "first restarted", "second restarted"]
# Each takes a good part of a second, in which nothing else happens.
MOST_DISASTERS = 3
_Result = TypeVar("_Result")


def epoch_of(panel: ReceivedPanel) -> str:
    """That of the publications; a client whose state came in parts was told more."""
    return panel.epoch.partition("-")[0]


class Replica:
    """An app service of these settings, which can be restarted."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def start(self) -> None:
        """Start, until it serves."""
        is_started, self._is_over = asyncio.Event(), asyncio.Event()

        async def serve() -> None:
            async with run_app(self.settings, NarrowProtocol, ws_ping_interval=600):
                is_started.set()
                await self._is_over.wait()

        self._serving = asyncio.create_task(serve())
        await is_started.wait()

    async def stop(self) -> None:
        """Stop in peace."""
        self._is_over.set()
        await self._serving

    async def fetch_panel(self, query: str = "") -> ReceivedPanel:
        """What its hub shows."""
        panel = ReceivedPanel()
        async with open_feed(self.settings, f"/live?{query}") as feed:
            state = await feed.next()
            panel.take_in(state)
            while panel.seq < state.get("complete_at", 0):
                panel.take_in(await feed.next())
        return panel


class Feeds(RuleBasedStateMachine):
    """Real services, a real Redis, real sockets; rules run one after the other on a loop of their own."""

    settings: Settings

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.followers: list[Follower] = []
        self.left: list[Follower] = []
        self.replicas: list[Replica] = []
        self.disasters = 0

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Have it done on the machine's loop."""
        return self.runner.run(coroutine)

    @initialize()
    def begin(self) -> None:
        """Start two replicas on an empty Redis, and a subscriber of each view."""

        async def start() -> None:
            self.stored = StoredDevices(self.settings)
            await self.stored.begin()
            other = self.settings.model_copy(update={"app_port": free_port()})
            self.replicas = [Replica(self.settings), Replica(other)]
            await asyncio.gather(*(replica.start() for replica in self.replicas))
            for number, query in enumerate(VIEWS):
                self.followers.append(Follower(self.replicas[number % 2].settings, query))

        self.run(start())

    def teardown(self) -> None:
        """End all, after a last look."""
        try:
            if self.replicas:
                self.check()
        finally:
            if self.replicas:
                self.run(self._stop_all())
            self.runner.close()

    async def _stop_all(self) -> None:
        for follower in self.followers:
            await follower.drop()
        await asyncio.gather(*(replica.stop() for replica in self.replicas))
        await self.stored.close()

    @rule(refreshes=st.lists(REFRESHES, min_size=1, max_size=4), is_quiet=st.booleans())
    def refresh(self, refreshes: list[dict[int, bool | None]], is_quiet: bool) -> None:
        """Store and publish refreshes, as a worker does."""
        for states in refreshes:
            self.run(self.stored.refresh(states))
            if is_quiet:
                self.run(self._compare())

    @rule(device_id=st.sampled_from(DEVICES), tags=st.lists(st.sampled_from(TAGS), unique=True), is_quiet=st.booleans())
    def edit(self, device_id: int, tags: list[str], is_quiet: bool) -> None:
        """Store and publish an added or changed device."""
        self.run(self.stored.edit(device_id, tags))
        if is_quiet:
            self.run(self._compare())

    @rule(device_id=st.sampled_from(DEVICES))
    def remove(self, device_id: int) -> None:
        """Store and publish that a device is gone."""
        self.run(self.stored.remove(device_id))

    @rule(query=QUERIES, replica=REPLICAS)
    @precondition(lambda self: len(self.followers) < 9)
    def connect(self, query: str, replica: int) -> None:
        """One more subscriber."""
        self.run(self._join(self.replicas[replica].settings, query))

    async def _join(self, settings: Settings, query: str, gone: Follower | None = None) -> None:
        self.followers.append(Follower(settings, query, gone))
        await asyncio.sleep(0)

    @rule(
        changes=st.lists(st.lists(QUERIES, max_size=3), min_size=1, max_size=9),
        meanwhile=st.lists(REFRESHES, max_size=3),
        is_reset=st.booleans(),
        is_quiet=st.booleans(),
    )
    def subscribe(
        self, changes: list[list[str]], meanwhile: list[dict[int, bool | None]], is_reset: bool, is_quiet: bool
    ) -> None:
        """Subscribers change their views, more than once perhaps, while refreshes go on and all is read anew."""

        async def change() -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._refresh_all(meanwhile))
                if is_reset:
                    tasks.create_task(self.stored.publish(Kind.RESET, {}))
                for follower, queries in zip(self.followers, changes, strict=False):
                    tasks.create_task(follower.subscribe(queries))

        self.run(change())
        if is_quiet:
            self.run(self._compare())

    @rule(place=PLACES, missed=st.lists(REFRESHES, min_size=1, max_size=20), is_woken=st.booleans())
    @precondition(lambda self: self.followers)
    def fall_asleep(self, place: int, missed: list[dict[int, bool | None]], is_woken: bool) -> None:
        """A subscriber stops reading, for a while or until the next check."""
        sleeper = self.followers[place % len(self.followers)]
        sleeper.may_read.clear()
        self.refresh(missed, is_quiet=False)
        if is_woken:
            sleeper.may_read.set()

    @rule(place=PLACES)
    @precondition(lambda self: self.followers)
    def drop(self, place: int) -> None:
        """A subscriber goes away, and may come back."""
        follower = self.followers.pop(place % len(self.followers))
        self.run(follower.drop())
        self.left.append(follower)

    @rule(place=PLACES, replica=REPLICAS, is_quiet=st.booleans())
    @precondition(lambda self: self.left)
    def come_back(self, place: int, replica: int, is_quiet: bool) -> None:
        """One that went away goes on with what it has, here or there; if all is to be quiet, sleepers wake up."""
        gone = self.left.pop(place % len(self.left))
        self.run(self._join(self.replicas[replica].settings, gone.query, gone))
        if is_quiet:
            self.check()

    @rule(place=PLACES, replica=REPLICAS, missed=st.lists(REFRESHES, min_size=1, max_size=4), is_quiet=st.booleans())
    @precondition(lambda self: self.followers)
    def be_away(self, place: int, replica: int, missed: list[dict[int, bool | None]], is_quiet: bool) -> None:
        """A subscriber goes away, misses something, and comes back."""
        self.drop(place)
        self.refresh(missed, is_quiet=False)
        self.come_back(len(self.left) - 1, replica, is_quiet)

    @rule(disaster=st.sampled_from(DISASTERS), meanwhile=st.lists(REFRESHES, max_size=4))
    @precondition(lambda self: self.disasters < MOST_DISASTERS)
    def suffer(self, disaster: str, meanwhile: list[dict[int, bool | None]]) -> None:
        """CLIENT KILL, FLUSHALL, CLIENT PAUSE, `kill -9` of Redis, or a replica restarted, while refreshes go on."""

        self.disasters += 1

        async def suffer() -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._suffer(disaster))
                tasks.create_task(self._refresh_all(meanwhile))

        self.run(suffer())

    async def _refresh_all(self, refreshes: list[dict[int, bool | None]]) -> None:
        for states in refreshes:
            await self.stored.refresh(states)

    async def _suffer(self, disaster: str) -> None:
        redis = self.stored.redis
        match disaster:
            case "relays cut":
                await kill_relays(redis)
            case "flushed":
                await redis.flushall()
            case "paused":
                await redis.client_pause(100, all=True)
            case "killed":
                await kill_redis(redis)
            case _:
                await self._restart(self.replicas[disaster == "second restarted"])

    async def _restart(self, replica: Replica) -> None:
        await replica.stop()
        await replica.start()
        for follower in [one for one in self.followers if one.settings is replica.settings]:
            await follower.drop()
            self.followers.remove(follower)
            await self._join(replica.settings, follower.query, follower)

    def check(self) -> None:
        """Whoever slept wakes up, and everybody has what the hubs have."""
        for follower in self.followers:
            self.run(self._wake(follower))
        self.run(self.stored.publish(Kind.INVENTORY, {"changed": [], "removed": []}))
        self.run(self._compare())

    async def _wake(self, follower: Follower) -> None:
        follower.may_read.set()

    async def _compare(self) -> None:
        """Everybody who does not sleep has what the hubs have, as soon as it is quiet."""
        position = await read_position(self.stored.redis, self.settings)

        async def fetch_panels() -> list[ReceivedPanel]:
            panels = [await replica.fetch_panel() for replica in self.replicas]
            return panels if all((epoch_of(one), one.seq) == (position.epoch, position.seq) for one in panels) else []

        hub, other = await eventually(fetch_panels)
        assert hub.devices == other.devices
        shown, other = [await replica.fetch_panel(INTERFACES) for replica in self.replicas]
        assert shown.devices == other.devices
        for follower in self.followers:
            if follower.may_read.is_set():
                await self._compare_one(follower, hub, shown)

    async def _compare_one(self, follower: Follower, hub: ReceivedPanel, shown: ReceivedPanel) -> None:
        view = VIEWS[follower.query]
        devices = shown.devices if view.interfaces else hub.devices
        expected = {one: device for one, device in devices.items() if fits(device, view)}

        async def has_all() -> bool:
            assert follower.fault is None, f"{follower.query!r}: {follower.fault!r}"
            assert not follower.is_lost, "the server ended a subscriber"
            panel = follower.panel
            return (epoch_of(panel), panel.seq, panel.devices) == (epoch_of(hub), hub.seq, expected)

        await eventually(has_all)


@pytest.mark.timeout(240)
async def test_whatever_happens_every_subscriber_has_the_panel_of_the_hub(
    settings: Settings, store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FEEDS_EXAMPLES=100 looks at as many random stories instead of always the same few."""
    monkeypatch.setattr("services.app.relay.LONGEST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr("services.app.relay.IDLE_SECONDS", 0.2)
    # Long states come in parts, of which these clients know nothing.
    monkeypatch.setattr("services.app.state_message.PART_BYTES", 900)
    # Everything is done in many turns of the event loop, so that much comes in between.
    monkeypatch.setattr("services.app.audience.LONG_MESSAGE_BYTES", 0)
    monkeypatch.setattr("services.app.audience.LONGEST_TURN_SECONDS", 0)
    # The supervisor lets what dies again and again wait for longer each time.
    monkeypatch.setattr("dashnet.embedded.keeper._LONGEST_DELAY_SECONDS", 0.2)
    small = settings.model_copy(update={"subscriber_backlog_bytes": 4096})
    machine = type("FeedsHere", (Feeds,), {"settings": small})
    wanted = os.environ.get("FEEDS_EXAMPLES")
    limits = hypothesis_settings(
        max_examples=int(wanted or 16),
        derandomize=wanted is None,
        database=None,
        stateful_step_count=40,
        # Shrinking would replay stories in which somebody waits in vain, ten seconds each time.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=limits)
