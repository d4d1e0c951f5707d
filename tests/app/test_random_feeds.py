"""Random publications, connections and disasters: whatever happens, every subscriber ends up with the hub's panel.

Each subscriber checks for itself, message by message, that a seq comes once and in order or that a state covers it.
"""

import asyncio
import contextlib
import itertools
import os
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from dashnet.database import create_engine
from dashnet.publication import Kind, Position, publish, read_position
from dashnet.reading import to_tick, to_wire
from dashnet.redis import create_redis
from dashnet.settings import Settings
from services.app.snapshots import select_panel
from services.app.views import ALL_DEVICES, View
from tests.app.test_membership import fits
from tests.app.test_relay import kill_redis, kill_relays
from tests.conftest import run_app
from tests.feeds import ReceivedPanel, open_feed
from tests.servers import eventually

DEVICES = range(1, 7)
TAGS = ("lab", "core")
# Queries of /live, and the same as the hub knows it.
VIEWS: dict[str, View] = {
    "": ALL_DEVICES,
    "device_ids=1,2,3": View(device_ids=frozenset({1, 2, 3})),
    "tags=lab": View(tags=frozenset({"lab"})),
    "state=up": View(state="up"),  # type: ignore[arg-type]  # the word itself
    "state=down&tags=core": View(tags=frozenset({"core"}), state="down"),  # type: ignore[arg-type]  # as above
    "search=host-4": View(search="host-4"),
}
REFRESHES = st.dictionaries(st.sampled_from(DEVICES), st.sampled_from([True, True, False, False, None]), min_size=3)
_PUT_DEVICE = text(
    "INSERT INTO store.device SELECT id, 'host-' || id, 'Laptop', '', 'mac-' || id, '10.0.0.1', 'simulated', '{}', "
    "CAST(:tags AS jsonb), NULL FROM generate_series(CAST(:id AS int), CAST(:id AS int)) AS id "
    "ON CONFLICT (id) DO UPDATE SET tags = excluded.tags"
)
_INSERT_SNAPSHOT = text(
    "INSERT INTO store.snapshot (time_stamp, device_id, active_connection, upload_speed, download_speed, "
    "round_trip_seconds) VALUES (:tick, :device_id, :active_connection, :upload_speed, :download_speed, "
    ":round_trip_seconds)"
)
_Result = TypeVar("_Result")


class Follower:
    """One subscriber that takes in all it gets, until it is dropped; its own task owns the connection."""

    def __init__(self, settings: Settings, query: str, since: Position | None) -> None:
        self.query = query
        self.panel = ReceivedPanel()
        self.is_resumed = False
        self.fault: BaseException | None = None
        position = [f"epoch={since.epoch}", f"seq={since.seq}"] if since else []
        self._address = "/live?" + "&".join([part for part in [query, *position] if part])
        self._task = asyncio.create_task(self._follow(settings))

    async def _follow(self, settings: Settings) -> None:
        async with open_feed(settings, self._address) as feed:
            while True:
                message = await feed.next_ever()
                if message["type"] == "resumed":
                    self.is_resumed = True
                    continue
                try:
                    self.panel.take_in(message)
                except (AssertionError, KeyError) as fault:
                    self.fault = fault
                    raise

    async def drop(self) -> None:
        """End the connection, however it stands."""
        self._task.cancel()
        with contextlib.suppress(BaseException):
            await self._task

    @property
    def is_lost(self) -> bool:
        """Whether the server has ended it."""
        return self._task.done()


class Feeds(RuleBasedStateMachine):
    """A real service, a real Redis, real sockets; rules run one after the other on a loop of their own."""

    settings: Settings

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.followers: list[Follower] = []
        self.left: list[Follower] = []
        self.seconds = itertools.count()
        self.serving: asyncio.Task[None]

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Have it done on the machine's loop."""
        return self.runner.run(coroutine)

    @initialize()
    def begin(self) -> None:
        """Start the service on an empty Redis."""

        async def start() -> None:
            self.redis: Redis = create_redis(self.settings, "dashnet-test")
            await self.redis.flushall()
            self.engine = create_engine(self.settings, "dashnet-test")
            async with self.engine.begin() as connection:
                await connection.execute(text("DELETE FROM store.snapshot"))
                await connection.execute(text("DELETE FROM store.device"))
                for device_id in (1, 2, 3, 4):
                    await connection.execute(_PUT_DEVICE, {"id": device_id, "tags": '["lab"]'})
            await self._start_app()
            self.followers += [Follower(self.settings, query, None) for query in VIEWS]

        self.run(start())

    async def _start_app(self) -> None:
        is_started, self.is_over = asyncio.Event(), asyncio.Event()

        async def serve() -> None:
            async with run_app(self.settings):
                is_started.set()
                await self.is_over.wait()

        self.serving = asyncio.create_task(serve())
        await is_started.wait()

    async def _stop_app(self) -> None:
        self.is_over.set()
        await self.serving

    def teardown(self) -> None:
        """End all, after a last look."""
        if not hasattr(self, "serving"):
            self.runner.close()
            return
        try:
            self.check()
        finally:
            self.run(self._stop_all())
            self.runner.close()

    async def _stop_all(self) -> None:
        for follower in self.followers:
            await follower.drop()
        await self._stop_app()
        await self.redis.aclose()
        await self.engine.dispose()

    @rule(refreshes=st.lists(REFRESHES, min_size=1, max_size=4))
    def refresh(self, refreshes: list[dict[int, bool | None]]) -> None:
        """Store and publish refreshes, as a worker does."""
        for states in refreshes:
            self.run(self._refresh(states))

    async def _refresh(self, states: dict[int, bool | None]) -> None:
        tick = to_tick(datetime.now(UTC)) - timedelta(minutes=30) + timedelta(seconds=next(self.seconds))
        values = {"upload_speed": 1.5, "download_speed": 2.5, "round_trip_seconds": None}
        async with self.engine.begin() as connection:
            known = set((await connection.execute(text("SELECT id FROM store.device"))).scalars())
            read = [
                {"device_id": one, "active_connection": states[one], **values} for one in sorted(states) if one in known
            ]
            for snap_shot in read:
                await connection.execute(_INSERT_SNAPSHOT, {"tick": tick, **snap_shot})
        await self._publish(Kind.SNAPSHOTS, {"time_stamp": to_wire(tick), "snap_shots": read})

    @rule(device_id=st.sampled_from(DEVICES), tags=st.lists(st.sampled_from(TAGS), unique=True))
    def edit(self, device_id: int, tags: list[str]) -> None:
        """Store and publish an added or changed device."""
        self.run(self._edit(device_id, tags))

    async def _edit(self, device_id: int, tags: list[str]) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(_PUT_DEVICE, {"id": device_id, "tags": orjson.dumps(tags).decode()})
        panel = await select_panel(self.engine, Position("", 0))
        await self._publish(Kind.INVENTORY, {"changed": [panel.devices[device_id]], "removed": []})

    @rule(device_id=st.sampled_from(DEVICES))
    def remove(self, device_id: int) -> None:
        """Store and publish that a device is gone."""
        self.run(self._remove(device_id))

    async def _remove(self, device_id: int) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text("DELETE FROM store.device WHERE id = :id"), {"id": device_id})
        await self._publish(Kind.INVENTORY, {"changed": [], "removed": [device_id]})

    @rule()
    def reset(self) -> None:
        """Publish that all is to be read anew."""
        self.run(self._publish(Kind.RESET, {}))

    async def _publish(self, kind: Kind, fields: dict[str, Any]) -> None:
        async def is_published() -> bool:
            try:
                await publish(self.redis, self.settings, kind, fields)
            except (RedisError, OSError):
                return False
            return True

        await eventually(is_published)

    @rule(query=st.sampled_from(sorted(VIEWS)))
    @precondition(lambda self: len(self.followers) < 9)
    def connect(self, query: str) -> None:
        """One more subscriber."""

        async def join() -> None:
            self.followers.append(Follower(self.settings, query, None))
            await asyncio.sleep(0)

        self.run(join())

    @rule(place=st.integers(0, 8))
    @precondition(lambda self: self.followers)
    def drop(self, place: int) -> None:
        """A subscriber goes away, and may come back."""
        follower = self.followers.pop(place % len(self.followers))
        self.run(follower.drop())
        self.left.append(follower)

    @rule(place=st.integers(0, 8))
    @precondition(lambda self: self.left)
    def come_back(self, place: int) -> None:
        """One that went away goes on with what it has."""
        self.run(self._come_back(self.left.pop(place % len(self.left))))

    @rule(place=st.integers(0, 8), missed=st.lists(REFRESHES, min_size=1, max_size=4))
    @precondition(lambda self: self.followers)
    def be_away(self, place: int, missed: list[dict[int, bool | None]]) -> None:
        """A subscriber goes away, misses something, and comes back."""
        self.drop(place)
        self.refresh(missed)
        self.come_back(len(self.left) - 1)

    async def _come_back(self, gone: Follower) -> None:
        since = Position(gone.panel.epoch, gone.panel.seq) if gone.panel.epoch else None
        follower = Follower(self.settings, gone.query, since)
        follower.panel = gone.panel
        self.followers.append(follower)

    @rule(disaster=st.sampled_from(["relay cut", "flushed", "paused", "killed", "service restarted"]))
    def suffer(self, disaster: str) -> None:
        """CLIENT KILL, FLUSHALL, DEBUG SLEEP, `kill -9` of Redis, or another app service in the place of this."""
        self.run(self._suffer(disaster))

    async def _suffer(self, disaster: str) -> None:
        match disaster:
            case "relay cut":
                await kill_relays(self.redis)
            case "flushed":
                await self.redis.flushall()
            case "paused":
                await self.redis.execute_command("DEBUG", "SLEEP", "0.1")  # type: ignore[no-untyped-call]  # redis-py
            case "killed":
                await kill_redis(self.redis)
            case _:
                await self._stop_app()
                await self._start_app()
                await self._bring_back_lost()

    async def _bring_back_lost(self) -> None:
        lost = [follower for follower in self.followers if follower.is_lost]
        for follower in lost:
            await follower.drop()
            self.followers.remove(follower)
            await self._come_back(follower)

    @rule()
    def check(self) -> None:
        """Everybody has what the hub has."""
        self.run(self._check())

    async def _check(self) -> None:
        await self._publish(Kind.INVENTORY, {"changed": [], "removed": []})
        position = await read_position(self.redis, self.settings)
        epoch, seq = position.epoch, position.seq

        async def fetch_hub() -> ReceivedPanel | None:
            panel = ReceivedPanel()
            async with open_feed(self.settings, "/live") as feed:
                panel.take_in(await feed.next())
            return panel if (panel.epoch, panel.seq) == (epoch, seq) else None

        hub = await eventually(fetch_hub)
        assert hub is not None
        for follower in self.followers:
            await eventually(lambda follower=follower: self._has_all(follower, epoch, seq))  # type: ignore[misc]
            view = VIEWS[follower.query]
            expected = {one: device for one, device in hub.devices.items() if fits(device, view)}
            assert follower.panel.devices == expected, f"{follower.query!r} at seq {seq}"

    async def _has_all(self, follower: Follower, epoch: str, seq: int) -> bool:
        assert follower.fault is None, f"{follower.query!r}: {follower.fault!r}"
        assert not follower.is_lost, "the server ended a subscriber"
        return (follower.panel.epoch, follower.panel.seq) == (epoch, seq)


@pytest.mark.timeout(240)
async def test_whatever_happens_every_subscriber_has_the_panel_of_the_hub(
    settings: Settings, store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FEEDS_EXAMPLES=100 looks at as many random stories instead of always the same few."""
    monkeypatch.setattr("services.app.relay.LONGEST_PAUSE_SECONDS", 0.2)
    # The supervisor lets what dies again and again wait for longer each time.
    monkeypatch.setattr("dashnet.embedded.keeper._LONGEST_DELAY_SECONDS", 0.2)
    machine = type("FeedsHere", (Feeds,), {"settings": settings})
    wanted = os.environ.get("FEEDS_EXAMPLES")
    limits = hypothesis_settings(
        max_examples=int(wanted or 25),
        derandomize=wanted is None,
        database=None,
        stateful_step_count=40,
        # Shrinking would replay stories in which somebody waits in vain, ten seconds each time.
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=limits)
