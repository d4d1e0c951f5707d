import zlib

import pytest

from services.app.message import SMALLEST_DEFLATED_BYTES, Message, encode_frame, is_one_refresh, is_too_long

TEXT = b'{"type":"snapshots","seq":1}' * 40


def inflate(frame: bytes, header_bytes: int) -> bytes:
    return zlib.decompressobj(-15).decompress(frame[header_bytes:] + b"\x00\x00\xff\xff")


@pytest.mark.parametrize(
    ("length", "header"), [(125, b"\x81\x7d"), (126, b"\x81\x7e\x00\x7e"), (65536, b"\x81\x7f\0\0\0\0\0\x01\0\0")]
)
def test_a_plain_frame_is_header_and_payload(length: int, header: bytes) -> None:
    assert encode_frame(b"x" * length, 0) == header + b"x" * length


@pytest.mark.parametrize("window_bits", range(9, 16))
def test_a_compressed_frame_says_so_and_inflates_to_the_payload_by_itself(window_bits: int) -> None:
    frame = encode_frame(TEXT, window_bits)
    assert frame[0] == 0xC1
    assert inflate(frame, 2) == TEXT
    assert len(frame) < len(TEXT) / 5


def test_each_frame_is_made_once_and_shared() -> None:
    message = Message(TEXT)
    assert message.frame(15) is message.frame(15)
    assert message.frame(0) is message.frame(0)
    assert message.frame(0) != message.frame(15)


def test_what_is_too_short_to_gain_is_not_compressed() -> None:
    short = b"x" * (SMALLEST_DEFLATED_BYTES - 1)
    assert encode_frame(short, 15) == encode_frame(short, 0)


def test_long_payloads_inflate_too() -> None:
    payload = TEXT * 1000
    frame = encode_frame(payload, 12)
    assert inflate(frame, 4) == payload


def test_messages_that_go_together_are_frames_one_after_the_other() -> None:
    together = Message(b"\n".join([TEXT, b"{}"]))
    assert together.frame(15) == encode_frame(TEXT, 15) + encode_frame(b"{}", 15)
    assert together.texts == [TEXT.decode(), "{}"]


def make_refresh(seq: int, minute: int = 0) -> Message:
    return Message(b'{"type":"snapshots","seq":%d,"time_stamp":"2026-11-23T20:%02d:00Z"}' % (seq, minute))


@pytest.mark.parametrize(
    ("messages", "is_one"),
    [
        ([], True),
        ([Message(b'{"type":"inventory"}')], True),
        ([make_refresh(1), make_refresh(2)], True),
        ([make_refresh(1), make_refresh(2, minute=1)], False),
        ([make_refresh(1), Message(b'{"type":"inventory"}')], False),
        ([Message(b'{"type":"inventory"}'), Message(b'{"type":"inventory"}')], False),
    ],
)
def test_only_messages_of_the_same_tick_are_one_refresh(messages: list[Message], is_one: bool) -> None:
    assert is_one_refresh(messages) == is_one
    assert is_too_long(messages, -1) != is_one
    assert not is_too_long(messages, 1_000)
