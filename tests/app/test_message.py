import zlib

import pytest

from services.app.message import SMALLEST_DEFLATED_BYTES, Message, encode_frame

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
