"""Questions to name servers, and what comes back, told from answers to something else. No IO."""

import struct
from dataclasses import dataclass
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode

from services.network.drivers.dns.options import DnsOptions, to_query_name

# dnspython raises these, too, where bytes make no message.
_UNREADABLE = (dns.exception.DNSException, ValueError, LookupError, struct.error)
_REFUSALS = {dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS}
_FAILURES = {dns.rcode.SERVFAIL, dns.rcode.REFUSED}


class NoAnswer(Exception):
    """Something came that answers no question of ours; `str` of it follows the word "answers"."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, sent once, with the number that its answer bears."""

    message: dns.message.Message
    wire: bytes

    @property
    def number(self) -> bytes:
        """The first two bytes of the question and of its answer."""
        return self.wire[:2]

    @property
    def has_edns(self) -> bool:
        """Whether the question uses the extension that old servers refuse or drop."""
        return self.message.edns >= 0


def make_question(options: DnsOptions, *, has_edns: bool) -> Question:
    """Return a new question for what the options ask, recursion desired."""
    name = to_query_name(options.query_name, options.record_type)
    message = dns.message.make_query(name, options.record_type, use_edns=0 if has_edns else False)
    return Question(message, message.to_wire())


def read_answer(wire: bytes, question: Question) -> dns.message.Message:
    """Return the answer to this question; one that was cut may lack records, and has the flag TC.

    Raises:
        NoAnswer: it is none.
    """
    message = _parse(wire)
    if not message.flags & dns.flags.QR:
        raise NoAnswer("with a question instead of an answer")
    if question.message.is_response(message):
        return message
    raise NoAnswer("another question" if message.question else "without the question section")


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
