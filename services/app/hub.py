"""The subscribers of this process and the panel they look at. No IO: the relay gives, connections take."""

import asyncio
from collections.abc import Collection, Sequence
from itertools import chain

import orjson

from dashnet.interface_part import cut_part
from dashnet.publication import Position, Publication
from services.app.audience import Audience, Delivery, Turns
from services.app.due import Due
from services.app.membership import Membership, Narrowing
from services.app.message import Message, is_too_long
from services.app.panel import Panel
from services.app.recent import Recent
from services.app.slow_subscribers import SlowSubscribers
from services.app.state_message import find_position
from services.app.states import States
from services.app.subscriber import Subscriber, Traffic, WriteFrame
from services.app.views import ALL_DEVICES, MOST_NAMED_IDS, DeviceIndex, View


class Hub:
    """Gives every publication to every subscriber, and keeps the newest so that one who was away can go on.

    `backlog_limit` is the bytes of publications that may wait for one subscriber; `recent_limit` those that are kept.
    """

    def __init__(self, backlog_limit: int, recent_limit: int) -> None:
        self.traffic = Traffic()
        self.backlog_limit = backlog_limit
        self.slow = SlowSubscribers()
        self.due, self.due_2020 = Due(), Due()
        self._recent = Recent(recent_limit)
        self._panel: Panel | None = None
        self._index: DeviceIndex | None = None
        self._loaded = asyncio.Event()
        self._memberships: dict[View, Membership] = {}
        self._named_ids = 0
        self._watching_all = Audience()
        self._watching_2020 = Audience()
        self._states = States()

    @property
    def panel(self) -> Panel | None:
        """What is shown; None until it was loaded for the first time."""
        return self._panel

    @property
    def position(self) -> Position | None:
        """Position of the newest publication that the panel holds."""
        return self._panel.position if self._panel else None

    @property
    def seq(self) -> int:
        """That of the newest publication, 0 before the panel was loaded."""
        return self._panel.position.seq if self._panel else 0

    @property
    def live_count(self) -> int:
        """How many websockets /live are open."""
        return len(self._watching_all) + sum(len(one.audience) for one in self._memberships.values())

    @property
    def count_2020(self) -> int:
        """How many websockets of 2020's protocol are open."""
        return len(self._watching_2020)

    async def wait_loaded(self) -> Panel:
        """The panel, once there is one."""
        while self._panel is None:
            await self._loaded.wait()
        return self._panel

    def add(self, subscriber: Subscriber, since: Position | None = None) -> bool:
        """Begin to give a subscriber what changes; whether it goes on from `since`, or begins with a state."""
        self._audience(subscriber.view).add(subscriber)
        missed = self._missed(find_position(since)) if since and subscriber.view == ALL_DEVICES else None
        if since is None or missed is None:
            self.traffic.not_resumed += since is not None
            subscriber.ask_for_state()
            return False
        self.traffic.resumed += 1
        answer = {"type": "resumed", "epoch": since.epoch, "seq": since.seq}
        subscriber.resume(Message(orjson.dumps(answer), since.seq), missed)
        return True

    def has_room_for(self, view: View) -> bool:
        """Whether the different views that are looked at may name this one's ids too."""
        return view in self._memberships or self._named_ids + view.named_ids <= MOST_NAMED_IDS

    def change_view(self, subscriber: Subscriber, view: View) -> None:
        """Show a subscriber something else from now on, beginning with a state."""
        subscriber.fall_out()
        self._leave(subscriber)
        subscriber.view = view
        self._audience(view).add(subscriber)
        subscriber.ask_for_state()

    def remove(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        subscriber.leave()
        self._leave(subscriber)
        self.due.discard(subscriber)
        self.due_2020.discard(subscriber)
        self.slow.discard(subscriber)

    def _audience(self, view: View | None) -> Audience:
        if view is None:
            return self._watching_2020
        if view == ALL_DEVICES:
            return self._watching_all
        if view not in self._memberships:
            self._memberships[view] = Membership(view)
            self._named_ids += view.named_ids
        return self._memberships[view].audience

    def _leave(self, subscriber: Subscriber) -> None:
        view = subscriber.view
        audience = self._audience(view)
        audience.remove(subscriber)
        if not audience and view is not None:
            if self._memberships.pop(view, None) is not None:
                self._named_ids -= view.named_ids
            self._states.discard(view)

    def _missed(self, since: Position | None) -> Sequence[Message] | None:
        """What was published after `since`, in order; None where that is not known in full, or better told by a state.

        More than may wait for a subscriber would begin with `resumed` and end in a state as soon as one more comes.
        """
        position = self.position
        if position is None or since is None or position.epoch != since.epoch or since.seq > position.seq:
            return None
        missed = self._recent.newest(position.seq - since.seq)
        return None if missed is None or is_too_long(missed, self.backlog_limit) else missed

    def replace(self, panel: Panel, recent: Sequence[Publication] = ()) -> None:
        """Show another panel; every subscriber is due a fresh state. `recent` are publications that led up to it."""
        self._panel, self._index = panel, None
        self._states.clear()
        self._recent.clear()
        for publication in recent:
            self._recent.keep(Message(publication.message, publication.position.seq))
        for membership in self._memberships.values():
            membership.forget()
        self._loaded.set()
        for subscriber in self._all():
            subscriber.ask_for_state()

    async def apply(self, publication: Publication) -> None:
        """Take in one publication and give it to every subscriber.

        Raises:
            RuntimeError: there is no panel yet.
        """
        if self._panel is None:
            raise RuntimeError("a publication came before the panel was loaded")
        decoded = orjson.loads(publication.message)
        change = self._panel.apply(publication.position, decoded, cut_part(publication.part))
        self._states.clear()
        message = Message(publication.message, publication.position.seq)
        self._recent.keep(message)
        if self._index is not None:
            for device in change.changed:
                self._index.put(device)
            for device_id in change.removed:
                self._index.remove(device_id)
        # A view follows when its turn comes, or when a state of it is wanted: a thousand at once would let nobody else
        # have a turn. The panel stays as it is until all have.
        narrowing = Narrowing(message, change, self._panel)
        deliveries = [self._watching_all.begin_delivery(lambda: message)]
        for membership in self._memberships.values():
            if membership.device_ids is not None:
                deliveries.append(membership.begin_delivery(narrowing))
        for subscriber in () if change.storing_delayed_since else self._watching_2020:  # whose array the store makes
            subscriber.ask_for_state()
        await self._deliver(deliveries)

    async def _deliver(self, deliveries: Sequence[Delivery]) -> None:
        turns = Turns()
        try:
            for delivery in deliveries:
                await delivery.run(turns, self.traffic)
        except BaseException:
            # Whoever was not reached must not go on as if it had been.
            for subscriber in self._all():
                subscriber.ask_for_state()
            raise
        finally:
            self._watching_all.end_delivery()
            for membership in self._memberships.values():
                membership.end_delivery()

    def encode_state(self, view: View) -> Message:
        """The `state` message of now, made at most once per position as far as `States` has room for it.

        Raises:
            RuntimeError: there is no panel yet.
        """
        if self._panel is None:
            raise RuntimeError("there is no panel yet")
        message = self._states.get(view)
        if message is None:
            found = self._find(self._panel, view)
            state = self._panel.to_state(found, with_interfaces=view.interfaces)
            message = Message(state, self._panel.position.seq)
            membership = self._memberships.get(view)
            is_shared = view == ALL_DEVICES or (membership is not None and len(membership.audience) > 1)
            self._states.keep(view, message, is_shared=is_shared)
        return message

    def _find(self, panel: Panel, view: View) -> Collection[int]:
        membership = self._memberships.get(view)
        if view == ALL_DEVICES or membership is None:
            return panel.devices if view == ALL_DEVICES else ()
        membership.catch_up()
        if membership.device_ids is not None:
            return membership.device_ids
        if self._index is None:
            self._index = DeviceIndex(panel.devices.values())
        return membership.fill(self._index, panel.devices)

    def _all(self) -> list[Subscriber]:
        narrowed = chain.from_iterable(one.audience for one in self._memberships.values())
        return [*self._watching_all, *narrowed, *self._watching_2020]

    # What subscribers tell of themselves.

    def fall_in(self, subscriber: Subscriber, write: WriteFrame) -> None:
        """It is in step from now on."""
        self._audience(subscriber.view).fall_in(subscriber, write)

    def fall_out(self, subscriber: Subscriber) -> bool:
        """It no longer is; whether it was given the newest publication."""
        return self._audience(subscriber.view).fall_out(subscriber)

    def want_state(self, subscriber: Subscriber) -> None:
        """Have a state made for it, soon."""
        (self.due_2020 if subscriber.view is None else self.due).add(subscriber)

    def on_full(self, subscriber: Subscriber) -> None:
        """Its connection takes nothing for now."""
        self.slow.add(subscriber, asyncio.get_running_loop().time())

    def on_drained(self, subscriber: Subscriber) -> None:
        """Its connection takes something again."""
        self.slow.discard(subscriber)
