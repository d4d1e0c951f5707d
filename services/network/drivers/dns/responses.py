"""Reads what name servers send: the header, the question, and the records that were asked for. No IO.

dnspython would make objects of the whole message, which takes more CPU than all the rest of a check. Here it reads no
more than the records of the type that was asked for.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

_HEADER = struct.Struct("!HHHHHH")
_QUESTION = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
_POINTER = 0xC0
_LONGEST_LABEL = 63
# dnspython raises these, too, where bytes make no record.
_UNREADABLE = (dns.exception.DNSException, ValueError, LookupError, struct.error)


class NoAnswer(Exception):
    """Something came that answers no question of ours; `str` of it follows the word "answers"."""


@dataclass(frozen=True, slots=True)
class Response:
    """The message of a name server, as far as a check needs it; its questions are as `read_question` returns them."""

    flags: int
    rcode: dns.rcode.Rcode
    questions: Sequence[bytes]
    records: Sequence[dns.rdata.Rdata]
    has_edns: bool

    @property
    def is_cut(self) -> bool:
        """Whether the message was too long, so that records may be missing."""
        return bool(self.flags & dns.flags.TC)


def read_response(wire: bytes, record_type: dns.rdatatype.RdataType) -> Response:
    """Read a message, and those of its answers that have this type; one that was cut may end anywhere.

    Raises:
        NoAnswer: the bytes make no message, or are more than one.
    """
    reader = _Reader(wire, record_type)
    try:
        reader.read()
    except _UNREADABLE:
        if not reader.flags & dns.flags.TC:
            raise NoAnswer("with something that is no DNS message") from None
    if reader.place < len(wire) and not reader.flags & dns.flags.TC:
        raise NoAnswer("with bytes after the end of the message")
    rcode = dns.rcode.from_flags(reader.flags, reader.edns_flags or 0)
    return Response(reader.flags, rcode, reader.questions, reader.records, reader.edns_flags is not None)


def read_question(wire: bytes) -> bytes:
    """Return the question section of a message with one question, its name in small letters.

    Raises:
        LookupError, ValueError: there is none.
    """
    end = _skip_name(wire, _HEADER.size)
    return wire[_HEADER.size : end].lower() + wire[end : end + _QUESTION.size]


class _Reader:
    """Goes through a message once; what it has read so far stands even where it stumbles."""

    def __init__(self, wire: bytes, record_type: dns.rdatatype.RdataType) -> None:
        self._wire = wire
        self._type = record_type
        self.place = 0
        self.flags = 0
        self.questions: list[bytes] = []
        self.records: list[dns.rdata.Rdata] = []
        self.edns_flags: int | None = None

    def read(self) -> None:
        _, self.flags, questions, answers, authorities, additional = _HEADER.unpack_from(self._wire)
        self.place = _HEADER.size
        for _ in range(questions):
            self._read_question()
        for _ in range(answers):
            self._read_answer()
        for _ in range(authorities):
            self._skip_record()
        for _ in range(additional):
            self._read_additional()

    def _read_question(self) -> None:
        begin, end = self.place, _skip_name(self._wire, self.place)
        _QUESTION.unpack_from(self._wire, end)
        self.place = end + _QUESTION.size
        self.questions.append(self._wire[begin:end].lower() + self._wire[end : self.place])

    def _read_answer(self) -> None:
        kind, of_class, _, begin = self._skip_record()
        if kind == self._type and of_class == dns.rdataclass.IN:
            length = self.place - begin
            self.records.append(dns.rdata.from_wire(dns.rdataclass.IN, self._type, self._wire, begin, length))

    def _read_additional(self) -> None:
        kind, _, lifetime, _ = self._skip_record()
        if kind == dns.rdatatype.OPT:
            self.edns_flags = lifetime

    def _skip_record(self) -> tuple[int, int, int, int]:
        """The type, class and lifetime of the next record, and where its content begins; it ends at `place`."""
        head = _skip_name(self._wire, self.place)
        kind, of_class, lifetime, length = _RECORD.unpack_from(self._wire, head)
        begin = head + _RECORD.size
        self.place = begin + length
        if self.place > len(self._wire):
            raise ValueError("a record is longer than its message")
        return kind, of_class, lifetime, begin


def _skip_name(wire: bytes, place: int) -> int:
    """Where the name that begins here ends; names that continue elsewhere end with the pointer to there."""
    while length := wire[place]:
        if length >= _POINTER:
            return place + 2
        if length > _LONGEST_LABEL:
            raise ValueError("a label of an unknown kind")
        place += length + 1
    return place + 1
