"""A message on its way to many subscribers, and the websocket frames that carry it: made once, shared by all."""

import re
import struct
from collections.abc import Collection, Iterator, Sequence

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

# Below this a compressed message saves nothing worth the inflating.
SMALLEST_DEFLATED_BYTES = 256
# The best level costs some milliseconds per megabyte more; above this the default one must do.
BEST_LEVEL_BYTES = 256 * 1024
_BEGIN_OF_SNAPSHOTS = re.compile(rb'\{"type":"snapshots","seq":\d+,"time_stamp":"([^"]+)"')
_WHOLE_TEXT = 0x81
_BEST_LEVEL, _QUICK_LEVEL, _MOST_MEMORY = 9, 6, 9


class Message:
    """One text message, or several that go together, each on a line of `payload`; our JSON has no line end in it.

    `seq` is that of a publication or state, 0 for an answer to one subscriber.
    """

    __slots__ = ("_frames", "_texts", "payload", "seq")

    def __init__(self, payload: bytes, seq: int = 0) -> None:
        self.payload = payload
        self.seq = seq
        self._texts: Sequence[str] = ()
        self._frames: dict[int, bytes] = {}

    @property
    def texts(self) -> Sequence[str]:
        """The text of each message, for connections that take no ready frames."""
        if not self._texts:
            self._texts = self.payload.decode().split("\n")
        return self._texts

    def frame(self, window_bits: int) -> bytes:
        """Return the frame, or frames one after the other, ready for a socket; the same bytes for all who ask alike.

        `window_bits` is what the client agreed to (9 to 15) in permessage-deflate, 0 without it. No context is taken
        over from message to message, so the bytes do not depend on who receives them.
        """
        frame = self._frames.get(window_bits)
        if frame is None:
            frame = b"".join(encode_frame(part, window_bits) for part in self._parts())
            self._frames[window_bits] = frame
        return frame

    def _parts(self) -> Iterator[bytes]:
        """Yield one message after the other: all of a large state at once would take its size once more."""
        begin = 0
        while (end := self.payload.find(b"\n", begin)) >= 0:
            yield self.payload[begin:end]
            begin = end + 1
        yield self.payload[begin:] if begin else self.payload


def is_too_long(messages: Collection[Message], most_bytes: int) -> bool:
    """Whether a state should take the place of these messages; a single refresh is shorter than any state."""
    return sum(len(one.payload) for one in messages) > most_bytes and not is_one_refresh(messages)


def is_one_refresh(messages: Collection[Message]) -> bool:
    """Whether this is one message, or several by which a long refresh was published."""
    ticks = {_find_tick(one) for one in messages}
    return len(messages) <= 1 or (len(ticks) == 1 and None not in ticks)


def _find_tick(message: Message) -> bytes | None:
    found = _BEGIN_OF_SNAPSHOTS.match(message.payload)
    return found and found[1]


def encode_frame(payload: bytes, window_bits: int) -> bytes:
    """An unmasked text frame, compressed where the window is not 0 and it is worth it."""
    if window_bits == 0 or len(payload) < SMALLEST_DEFLATED_BYTES:
        return _make_head(len(payload)) + payload
    return Frame(Opcode.TEXT, payload).serialize(mask=False, extensions=[_deflate(window_bits, len(payload))])


def _make_head(length: int) -> bytes:
    """What stands before an unmasked, whole text (RFC 6455, 5.2). Each of many views needs one, so it must be quick."""
    if length < 126:
        return struct.pack("!BB", _WHOLE_TEXT, length)
    if length < 2**16:
        return struct.pack("!BBH", _WHOLE_TEXT, 126, length)
    return struct.pack("!BBQ", _WHOLE_TEXT, 127, length)


def _deflate(window_bits: int, payload_bytes: int) -> PerMessageDeflate:
    level = _BEST_LEVEL if payload_bytes <= BEST_LEVEL_BYTES else _QUICK_LEVEL
    return PerMessageDeflate(
        remote_no_context_takeover=True,
        local_no_context_takeover=True,
        remote_max_window_bits=15,
        local_max_window_bits=window_bits,
        compress_settings={"level": level, "memLevel": _MOST_MEMORY},
    )
