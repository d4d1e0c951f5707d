"""The head of an answer: status and headers, read as tolerantly as browsers do. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

MOST_HEAD_BYTES = 256 << 10
_SHOWN_CHARACTERS = 60
_STATUS_LINE = re.compile(rb"(?:HTTP/[0-9](?:\.[0-9]+)?|ICY)[ \t]+([1-9][0-9]{2})(?![0-9])[ \t]*(.*)", re.IGNORECASE)
_BEGINNINGS = (b"HTTP/", b"ICY ")
_END = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_TLS_ALERT = re.compile(rb"\x15\x03[\x00-\x04]")


class NotHttp(Exception):
    """The server answered, but not in HTTP."""


class SpeaksTls(NotHttp):
    """The server answered a plain request with an alert of TLS."""


@dataclass(frozen=True)
class Head:
    """The head of an answer: lines of it that are no headers are left out."""

    status: int
    reason: str
    block: bytes

    @cached_property
    def headers(self) -> Mapping[str, list[str]]:
        """Return the values of each header by its name in lower case."""
        headers: dict[str, list[str]] = {}
        lines = _FOLD.sub(b" ", self.block).split(b"\n")
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if colon and name.strip():
                headers.setdefault(name.strip().decode("latin-1").lower(), []).append(_decode(value.strip()))
        return headers

    def first(self, name: str) -> str | None:
        """Return the first value of a header."""
        values = self.headers.get(name)
        return values[0] if values else None


def find_end(received: bytes | bytearray, start: int = 0) -> int:
    """Return where the head ends, behind its blank line; 0 where it has not ended yet."""
    found = _END.search(received, max(start - 3, 0))
    return found.end() if found else 0


def check_beginning(received: bytes) -> None:
    """See that what was received so far can become a head.

    Raises:
        NotHttp: as `parse_head`; or it is too long.
    """
    if len(received) > MOST_HEAD_BYTES:
        raise NotHttp(f"its headers are longer than {MOST_HEAD_BYTES >> 10} KiB")
    if not any(one.startswith(received[: len(one)].upper()) for one in _BEGINNINGS):
        parse_head(received)


def parse_head(block: bytes) -> Head:
    """Return the head in `block`, which may begin with blank lines.

    Raises:
        SpeaksTls: an alert of TLS.
        NotHttp: anything else that is no HTTP.
    """
    block = block.lstrip(b"\r\n")
    line, _, _ = block.partition(b"\n")
    match = _STATUS_LINE.match(line.rstrip(b"\r"))
    if match is None:
        if _TLS_ALERT.match(block):
            raise SpeaksTls("an alert of TLS")
        raise NotHttp(f"it begins with {printable(line)}" if line.strip() else "it is empty")
    status = int(match[1])
    return Head(status, printable(match[2].rstrip()) or _usual_reason(status), block)


def printable(octets: bytes) -> str:
    """Return the beginning of what a server sent, fit for words."""
    text = _decode(octets.strip())
    return "".join(one if one.isprintable() else "?" for one in text[:_SHOWN_CHARACTERS]).strip()


def _decode(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _usual_reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
