"""Answers, and bytes that are none."""

from contextlib import suppress
from typing import Any

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.drivers.dns.messages import make_question, read_answer
from services.network.drivers.dns.options import DnsOptions, to_query_name
from services.network.drivers.dns.responses import NoAnswer, Response
from tests.network.drivers.dns.servers import reply, respond_to

QUESTION = make_question(DnsOptions(query_name="a.test"), has_edns=True)
WIRES = [
    reply(QUESTION.wire),
    reply(QUESTION.wire, '"abc" "def"', record_type="TXT"),
    reply(QUESTION.wire, "1 2 389 two.test.", record_type="SRV"),
    reply(QUESTION.wire, '0 issue "ca.test"', record_type="CAA"),
    respond_to(QUESTION.wire).to_wire(),
]
EDITS = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 4), st.binary(max_size=4)), max_size=5)


@given(wire=st.sampled_from(WIRES), edits=EDITS)
def test_whatever_comes_is_an_answer_or_none(wire: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    for place, length, octets in edits:
        wire = wire[:place] + octets + wire[place + length :]
    with suppress(NoAnswer):
        assert isinstance(read_answer(wire, QUESTION), Response)


def flip(wire: bytes, place: int, bits: int) -> bytes:
    return wire[:place] + bytes([wire[place] ^ bits]) + wire[place + 1 :]


@pytest.mark.parametrize(
    ("place", "bits", "words"),
    [
        (0, 0xFF, "another question"),
        (2, 0x20, "another question"),
        (13, 0x03, "another question"),
        (2, 0x80, "with a question instead"),
    ],
)
def test_an_answer_to_something_else_is_none(place: int, bits: int, words: str) -> None:
    """Another number, another operation, another name, and no answer at all."""
    with pytest.raises(NoAnswer, match=words):
        read_answer(flip(WIRES[0], place, bits), QUESTION)


def test_the_case_of_the_question_makes_no_difference() -> None:
    assert read_answer(flip(WIRES[0], 13, 0x20), QUESTION).records


def test_the_same_question_is_asked_under_other_numbers() -> None:
    """Whoever could guess the number could answer in the server's place."""
    questions = [make_question(DnsOptions(query_name="a.test"), has_edns=True) for _ in range(20)]
    assert len({question.number for question in questions}) > 15
    assert {question.wire[2:] for question in questions} == {QUESTION.wire[2:]}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"query_name": "192.0.2.1", "record_type": "PTR"}, "1.2.0.192.in-addr.arpa."),
        ({"query_name": "2001:db8::1", "record_type": "PTR"}, f"1.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa."),
        ({"query_name": "1.2.0.192.in-addr.arpa", "record_type": "PTR"}, "1.2.0.192.in-addr.arpa."),
        ({"query_name": "192.0.2.1"}, "192.0.2.1."),
        ({"query_name": "bücher.test"}, "xn--bcher-kva.test."),
    ],
)
def test_an_address_is_turned_for_its_name(options: dict[str, Any], name: str) -> None:
    asked = DnsOptions(**options)
    assert to_query_name(asked.query_name, asked.record_type).to_text() == name
    question = make_question(asked, has_edns=False)
    sent = dns.message.from_wire(question.wire)
    assert (sent.question[0].name.to_text(), sent.edns, question.has_edns) == (name, -1, False)
