"""The body of an answer: how it is framed and packed. Pure, and bounded whatever a server sends."""

import re
import zlib
from collections.abc import Sequence

from services.network.drivers.http.head import Head

# How much of a page is looked through for the expected text, packed as well as unpacked.
MOST_BODY_BYTES = 1 << 20
_MOST_SIZE_LINE_BYTES = 4096
# With its framing: chunks of one byte each are read to their end, but nothing is read without end.
_MOST_FRAMED_BYTES = 8 << 20
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?\r?")
_WITHOUT_BODY = {204, 304}
_PLAIN = {"", "identity", "none", "utf-8", "binary", "8bit", "7bit"}
_GZIP, _DEFLATE = {"gzip", "x-gzip"}, {"deflate", "x-deflate"}
_PIECE_BYTES = 1024
_MOST_MEMBERS = 64
_ANY_HEADER, _RAW = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS


class UnknownPacking(ValueError):
    """The page is packed in a way that nobody asked for and that is not unpacked here."""


class Frame:
    """Takes the bytes after the head; `content` is the body so far without its framing, at most 1 MiB."""

    def __init__(self, head: Head, method: str) -> None:
        self.content = bytearray()
        self._is_chunked = any("chunked" in one.lower() for one in head.headers.get("transfer-encoding", []))
        self._size_line = bytearray()
        self._left = 0 if self._is_chunked else _length(head)
        self._framed_bytes = 0
        self.has_ended = method == "HEAD" or head.status in _WITHOUT_BODY or (self._left == 0 and not self._is_chunked)

    def feed(self, received: bytes) -> None:
        """Take what was received; bytes behind the end of the body are left out."""
        if self._is_chunked:
            self._take_chunks(received)
        else:
            self._take(received, 0)
        self._framed_bytes += len(received)
        if len(self.content) >= MOST_BODY_BYTES or self._framed_bytes >= _MOST_FRAMED_BYTES:
            self.has_ended = True

    def _take(self, received: bytes, start: int) -> int:
        """Take as much as the length allows; return where the rest begins."""
        end = len(received) if self._left is None else min(start + self._left, len(received))
        self.content += received[start : min(end, start + MOST_BODY_BYTES - len(self.content))]
        if self._left is not None:
            self._left -= end - start
            self.has_ended = self._left == 0 and not self._is_chunked
        return end

    def _take_chunks(self, received: bytes) -> None:
        at = 0
        while at < len(received) and not self.has_ended and len(self.content) < MOST_BODY_BYTES:
            if self._left:
                at = self._take(received, at)
                continue
            newline = received.find(b"\n", at)
            end = len(received) if newline < 0 else newline
            self._size_line += received[at:end]
            at = end + 1
            if newline >= 0:
                self._begin_chunk()
            elif len(self._size_line) > _MOST_SIZE_LINE_BYTES:
                self.has_ended = True

    def _begin_chunk(self) -> None:
        line, self._size_line = bytes(self._size_line), bytearray()
        if not line.strip():
            # Ends the chunk before.
            return
        match = _CHUNK_SIZE.fullmatch(line)
        self._left = int(match[1], 16) if match else 0
        self.has_ended = self._left == 0


def _length(head: Head) -> int | None:
    for value in head.headers.get("content-length", []):
        text = value.split(",")[0].strip()
        if text.isascii() and text.isdigit() and len(text) < 20:
            return int(text)
    return None


def unpack(content: bytes, head: Head) -> bytes:
    """Return the page as it was before the server packed it, at most 1 MiB.

    Raises:
        UnknownPacking: neither gzip nor deflate.
    """
    packings = [one.strip().lower() for value in head.headers.get("content-encoding", []) for one in value.split(",")]
    for packing in _known(packings):
        content = _inflate(content, packing)
    return content


def _known(packings: Sequence[str]) -> list[str]:
    named = [packing for packing in reversed(packings) if packing not in _PLAIN]
    unknown = [packing for packing in named if packing not in _GZIP | _DEFLATE]
    if unknown or len(named) > 2:
        raise UnknownPacking((unknown or ["gzip over and over"])[0])
    return named


def _inflate(content: bytes, packing: str) -> bytes:
    """What can be unpacked; what is not packed as it says stays as it is."""
    for bits in (_ANY_HEADER, _RAW) if packing in _DEFLATE else (_ANY_HEADER,):
        unpacked = _inflate_members(content, bits)
        if unpacked or not content:
            return unpacked
    return content


def _inflate_members(content: bytes, bits: int) -> bytes:
    """Unpack one gzip member after the other, as far as they are good."""
    unpacked = bytearray()
    for _ in range(_MOST_MEMBERS):
        if not content or len(unpacked) >= MOST_BODY_BYTES:
            break
        part, content = _inflate_member(content, bits, MOST_BODY_BYTES - len(unpacked))
        unpacked += part
    return bytes(unpacked)


def _inflate_member(content: bytes, bits: int, most: int) -> tuple[bytes, bytes]:
    """Unpack one member, and what follows it; in pieces, so that what was good before a broken one is kept."""
    member, unpacked = zlib.decompressobj(bits), bytearray()
    at = 0
    while at < len(content) and len(unpacked) < most and not member.eof:
        piece = member.unconsumed_tail + content[at : at + _PIECE_BYTES]
        at += _PIECE_BYTES
        try:
            unpacked += member.decompress(piece, most - len(unpacked))
        except zlib.error:
            return bytes(unpacked), b""
    return bytes(unpacked), member.unused_data + content[at:]
