"""Questions to name servers, and what comes back, told from answers to something else. No IO."""

import secrets
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode

from services.network.drivers.dns.options import DnsOptions, to_query_name

# dnspython raises these, too, where bytes make no message.
_UNREADABLE = (dns.exception.DNSException, ValueError, LookupError, struct.error)
_REFUSALS = {dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS}
_FAILURES = {dns.rcode.SERVFAIL, dns.rcode.REFUSED}
# Servers that have not read the question cannot repeat it.
_HEADERS_ALONE = {dns.rcode.FORMERR, dns.rcode.NOTIMP, *_FAILURES}


class NoAnswer(Exception):
    """Something came that answers no question of ours; `str` of it follows the word "answers"."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, sent once, with the number of two bytes that its answer bears."""

    number: bytes
    message: dns.message.Message
    wire: bytes
    has_edns: bool


def make_question(options: DnsOptions, *, has_edns: bool) -> Question:
    """Return a new question for what the options ask, recursion desired."""
    message, wire = _prepare(options.query_name, options.record_type, has_edns)
    number = secrets.token_bytes(2)
    return Question(number, message, number + wire[2:], has_edns)


@lru_cache(maxsize=16_384)
def _prepare(query_name: str, record_type: str, has_edns: bool) -> tuple[dns.message.Message, bytes]:
    # The same questions are asked every minute, and differ in their number alone.
    name = to_query_name(query_name, record_type)
    message = dns.message.make_query(name, record_type, use_edns=0 if has_edns else False)
    return message, message.to_wire()


def read_answer(wire: bytes, question: Question) -> dns.message.Message:
    """Return the answer to this question; one that was cut may lack records, and has the flag TC.

    Raises:
        NoAnswer: it is none.
    """
    message = _parse(wire)
    if not message.flags & dns.flags.QR:
        raise NoAnswer("with a question instead of an answer")
    if not message.question and message.rcode() not in _HEADERS_ALONE:
        raise NoAnswer("without the question section")
    is_same = wire[:2] == question.number and message.opcode() == dns.opcode.QUERY
    if is_same and message.question in ([], question.message.question):
        return message
    raise NoAnswer("another question")


def _parse(wire: bytes) -> dns.message.Message:
    try:
        return dns.message.from_wire(wire, raise_on_truncation=True)
    except dns.message.Truncated as cut:
        return cast(dns.message.Message, cut.message())  # type: ignore[no-untyped-call]  # dnspython's own
    except dns.message.TrailingJunk:
        raise NoAnswer("with bytes after the end of the message") from None
    except _UNREADABLE:
        raise NoAnswer("with something that is no DNS message") from None


def refuses_edns(answer: dns.message.Message, question: Question) -> bool:
    """Whether the question is worth being asked without EDNS: the server fails, and shows no sign of knowing EDNS."""
    if not question.has_edns:
        return False
    rcode = answer.rcode()
    return rcode in _REFUSALS or (rcode in _FAILURES and answer.edns < 0)
