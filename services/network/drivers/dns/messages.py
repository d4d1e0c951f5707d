"""Questions to name servers, and what comes back, told from answers to something else. No IO."""

import secrets
from dataclasses import dataclass
from functools import lru_cache

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype

from services.network.drivers.dns.options import DnsOptions, to_query_name
from services.network.drivers.dns.responses import NoAnswer, Response, read_question, read_response

_REFUSALS = {dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS}
_FAILURES = {dns.rcode.SERVFAIL, dns.rcode.REFUSED}
# Servers that have not read the question cannot repeat it.
_HEADERS_ALONE = {dns.rcode.FORMERR, dns.rcode.NOTIMP, *_FAILURES}


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A question but for its number; `asked` is as `read_question` returns it."""

    wire: bytes
    asked: bytes
    record_type: dns.rdatatype.RdataType


@dataclass(frozen=True, slots=True)
class Question:
    """One question, sent once, with the number of two bytes that its answer bears."""

    number: bytes
    wire: bytes
    asked: bytes
    record_type: dns.rdatatype.RdataType
    has_edns: bool


def make_question(options: DnsOptions, *, has_edns: bool) -> Question:
    """Return a new question for what the options ask, recursion desired."""
    prepared = _prepare(options.query_name, options.record_type, has_edns)
    number = secrets.token_bytes(2)
    return Question(number, number + prepared.wire[2:], prepared.asked, prepared.record_type, has_edns)


@lru_cache(maxsize=16_384)
def _prepare(query_name: str, record_type: str, has_edns: bool) -> _Prepared:
    # The same questions are asked every minute, and differ in their number alone.
    name, kind = to_query_name(query_name, record_type), dns.rdatatype.from_text(record_type)
    wire = dns.message.make_query(name, kind, use_edns=0 if has_edns else False).to_wire()
    return _Prepared(wire, read_question(wire), kind)


def read_answer(wire: bytes, question: Question) -> Response:
    """Return the answer to this question; one that was cut may lack records.

    Raises:
        NoAnswer: it is none.
    """
    response = read_response(wire, question.record_type)
    if not response.flags & dns.flags.QR:
        raise NoAnswer("with a question instead of an answer")
    if not response.questions and response.rcode not in _HEADERS_ALONE:
        raise NoAnswer("without the question section")
    is_same = wire[:2] == question.number and dns.opcode.from_flags(response.flags) == dns.opcode.QUERY
    if is_same and response.questions in ([], [question.asked]):
        return response
    raise NoAnswer("another question")


def refuses_edns(answer: Response, question: Question) -> bool:
    """Whether the question is worth being asked without EDNS: the server fails, and shows no sign of knowing EDNS."""
    if not question.has_edns:
        return False
    return answer.rcode in _REFUSALS or (answer.rcode in _FAILURES and not answer.has_edns)
