"""Which devices each narrowed view holds, kept current, and what a publication is to those who see only that. Pure."""

from collections.abc import Collection, Mapping

import orjson

from dashnet.interface_part import unpack_json
from dashnet.reading import State
from services.app.audience import Audience, Delivery
from services.app.message import Message
from services.app.panel import Change, Panel
from services.app.views import DeviceIndex, LiveDevice, View

# Devices that were read, that are to be shown whole, that left, and whether with interfaces.
_Key = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], bool]
_SNAP_SHOTS = b'"snap_shots":[{'


class Membership:
    """One view that somebody has: its audience and, once a state of it was made, the ids of its devices."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.audience = Audience()
        self.device_ids: set[int] | None = None
        # Of a view that asks for a state and more: the devices that fit but for the state.
        self._fitting: set[int] | None = None
        # The publication that is being delivered: as long as it was not followed, and what it is to this view.
        self._put_off: Narrowing | None = None
        self._message: Message | None = None

    def fill(self, index: DeviceIndex, devices: Mapping[int, LiveDevice]) -> set[int]:
        """Find the devices among all."""
        fitting = index.find(self.view)
        state = self.view.state
        if state is None:
            self.device_ids = fitting
        else:
            self._fitting = fitting if self.view.has_static_part else None
            self.device_ids = {device_id for device_id in fitting if devices[device_id]["state"] == state}
        return self.device_ids

    def forget(self) -> None:
        """The panel is another; find the devices again when they are asked for."""
        self.device_ids = self._fitting = self._put_off = self._message = None

    def begin_delivery(self, narrowing: "Narrowing") -> Delivery:
        """A delivery of what a publication, which the panel holds already, is to this view; not followed yet."""
        self._put_off = narrowing
        return self.audience.begin_delivery(self._make_message)

    def _make_message(self) -> Message:
        self.catch_up()
        assert self._message is not None
        return self._message

    def catch_up(self) -> None:
        """Follow the publication that was put off, if there is one: before its delivery, and before any state."""
        if self._put_off is not None:
            narrowing, self._put_off = self._put_off, None
            self._message = narrowing.cut(self)

    def end_delivery(self) -> None:
        """It is over; a view that has not followed, because it was broken off, finds its devices anew."""
        self.audience.end_delivery()
        self._message = None
        if self._put_off is not None:
            self.forget()

    def turn(self, turned: Mapping[int, State], turned_to: Mapping[State, set[int]]) -> tuple[set[int], set[int]]:
        """Follow changed states; returns which devices entered and which left."""
        state = self.view.state
        if state is None or self.device_ids is None or not turned:
            return set(), set()
        arrived = turned_to.get(state, set())
        entered = (arrived if self._fitting is None else arrived & self._fitting) - self.device_ids
        left = (self.device_ids & turned.keys()) - arrived
        self.device_ids |= entered
        self.device_ids -= left
        return entered, left

    def edit(self, fitting: set[int], change: Change) -> tuple[set[int], set[int]]:
        """Follow a changed inventory, of which `fitting` fit; returns which devices to show and which to remove."""
        if self.device_ids is None:
            return set(), set()
        touched = {device["id"] for device in change.changed}
        gone = touched.union(change.removed) - fitting
        if self._fitting is not None:
            self._fitting -= gone
            self._fitting |= fitting
        state = self.view.state
        shown = fitting
        if state is not None:
            shown = {device["id"] for device in change.changed if device["id"] in fitting and device["state"] == state}
        left = self.device_ids & (touched.union(change.removed) - shown)
        self.device_ids -= left
        self.device_ids |= shown
        return shown, left


class Narrowing:
    """One publication, cut to view after view; cuts that come out alike are one message."""

    def __init__(self, message: Message, change: Change, panel: Panel) -> None:
        self._seq = message.seq
        self._payload = message.payload
        self._change = change
        self._panel = panel
        self._index = DeviceIndex(change.changed)
        self._head = b'{"type":"snapshots","seq":%d,"time_stamp":%b,' % (message.seq, orjson.dumps(change.time_stamp))
        if change.storing_delayed_since:
            self._head += b'"storing_delayed_since":%b,' % orjson.dumps(change.storing_delayed_since)
        self._turned_to: dict[State, set[int]] = {}
        for device_id, state in change.turned.items():
            self._turned_to.setdefault(state, set()).add(device_id)
        self._fragments: dict[int, bytes] = {}
        self._with_interfaces: dict[int, bytes] = {}
        self._messages: dict[_Key, Message] = {}

    def cut(self, membership: Membership) -> Message:
        """The message for the subscribers of one view, which is brought up to date."""
        change = self._change
        if change.time_stamp is None:
            shown, left = membership.edit(self._index.find(membership.view), change)
            return self._share((), shown, left, with_interfaces=membership.view.interfaces)
        entered, left = membership.turn(change.turned, self._turned_to)
        read = change.snap_shots.keys() & (membership.device_ids or set())
        read = read - entered if entered else read
        return self._share(read, entered, left, with_interfaces=membership.view.interfaces)

    def _share(
        self, read: Collection[int], shown: Collection[int], left: Collection[int], *, with_interfaces: bool
    ) -> Message:
        shown_key, left_key = tuple(sorted(shown)) if shown else (), tuple(sorted(left)) if left else ()
        key = tuple(sorted(read)), shown_key, left_key, with_interfaces
        message = self._messages.get(key)
        if message is None:
            message = self._messages[key] = Message(self._encode(*key), self._seq)
        return message

    def _encode(
        self, read: tuple[int, ...], shown: tuple[int, ...], left: tuple[int, ...], with_interfaces: bool
    ) -> bytes:
        if self._change.time_stamp is None:
            return b'{"type":"inventory","seq":%d%b}' % (self._seq, self._encode_edit(shown, left, with_interfaces))
        fragments = (self._fragments or self._cut_fragments()) if read else {}
        if with_interfaces:
            fragments = {device_id: self._add_interfaces(device_id, fragments[device_id]) for device_id in read}
        snap_shots = b",".join([fragments[device_id] for device_id in read])
        # Most narrowed messages move no device in or out, and those of a view without a state never do.
        edit = self._encode_edit(shown, left, with_interfaces) if shown or left else b""
        turned = self._encode_state_changes({*read, *shown, *left}) if self._change.state_changes else b""
        return b'%b"snap_shots":[%b]%b%b}' % (self._head, snap_shots, turned, edit)

    def _encode_state_changes(self, device_ids: set[int]) -> bytes:
        told = [one for one in self._change.state_changes if one["device_id"] in device_ids]
        return b',"state_changes":%b' % orjson.dumps(told) if told else b""

    def _encode_edit(self, shown: tuple[int, ...], left: tuple[int, ...], with_interfaces: bool) -> bytes:
        devices = orjson.dumps([self._panel.to_viewed(one, with_interfaces=with_interfaces) for one in shown])
        return b',"changed":%b,"removed":%b' % (devices, orjson.dumps(left))

    def _add_interfaces(self, device_id: int, fragment: bytes) -> bytes:
        """A snapshot with the interfaces that were read with it; made once for all views that show it so."""
        added = self._with_interfaces.get(device_id)
        if added is None:
            interfaces = unpack_json(self._change.interfaces.get(device_id))
            added = self._with_interfaces[device_id] = b'%b,"interfaces":%b}' % (fragment[:-1], interfaces)
        return added

    def _cut_fragments(self) -> dict[int, bytes]:
        """Each snapshot as it stands in the publication, cut out of it: to encode it anew is far dearer."""
        snap_shots = self._change.snap_shots
        begin = self._payload.index(_SNAP_SHOTS) + len(_SNAP_SHOTS)
        # They hold numbers only, so that this stands between two of them and nowhere else.
        parts = self._payload[begin : self._payload.index(b"}]", begin)].split(b"},{")
        if len(parts) == len(snap_shots):
            self._fragments = {one: b"{%b}" % part for one, part in zip(snap_shots, parts, strict=True)}
        else:
            self._fragments = {one: orjson.dumps(snap_shot) for one, snap_shot in snap_shots.items()}
        return self._fragments
