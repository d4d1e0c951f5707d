"""Messages of name servers, as dnspython reads them and beyond."""

import struct
from contextlib import suppress

import dns.exception
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.drivers.dns.messages import make_question
from services.network.drivers.dns.options import DnsOptions
from services.network.drivers.dns.responses import NoAnswer, read_response
from tests.network.drivers.dns.servers import refuse, reply, respond_to

QUESTION = make_question(DnsOptions(query_name="www.a.test"), has_edns=True).wire
RECORDS = {
    "A": ["192.0.2.1", "192.0.2.2"],
    "AAAA": ["2001:db8::1"],
    "CAA": ['0 issue "ca.test"'],
    "CNAME": ["two.a.test."],
    "MX": ["10 mail.a.test.", "20 mail.b.test."],
    "PTR": ["a.test."],
    "SOA": ["ns.a.test. root.a.test. 7 2 3 4 5"],
    "SRV": ["1 2 389 two.a.test."],
    "TXT": ['"abc" "def"'],
}


def make_whole(record_type: str) -> bytes:
    """A message with something in every section."""
    response = dns.message.from_wire(reply(QUESTION, *RECORDS[record_type], record_type=record_type))
    response.authority.append(dns.rrset.from_text("a.test.", 60, "IN", "NS", "ns.a.test.", "ns.b.test."))
    response.additional.append(dns.rrset.from_text("ns.a.test.", 60, "IN", "A", "192.0.2.9"))
    return response.to_wire()


@pytest.mark.parametrize("record_type", RECORDS)
def test_records_are_those_of_the_type_that_was_asked_for(record_type: str) -> None:
    response = read_response(make_whole(record_type), dns.rdatatype.from_text(record_type))
    # dnspython writes the records of a set in any order.
    assert sorted(record.to_text() for record in response.records) == RECORDS[record_type]
    assert response.has_edns


@given(
    record_type=st.sampled_from([*RECORDS]),
    edits=st.lists(st.tuples(st.integers(0, 140), st.integers(0, 4), st.binary(max_size=4)), max_size=3),
)
def test_what_dnspython_reads_is_read_as_dnspython_does(record_type: str, edits: list[tuple[int, int, bytes]]) -> None:
    wire, kind = make_whole(record_type), dns.rdatatype.from_text(record_type)
    for place, length, octets in edits:
        wire = wire[:place] + octets + wire[place + length :]
    with suppress(dns.exception.DNSException, ValueError, LookupError, struct.error):
        theirs = dns.message.from_wire(wire, one_rr_per_rrset=True)
        answers = [one for one in theirs.answer if (one.rdclass, one.rdtype) == (dns.rdataclass.IN, kind)]
        ours = read_response(wire, kind)
        assert (ours.flags, ours.rcode, ours.has_edns) == (theirs.flags, theirs.rcode(), theirs.edns >= 0)
        assert [*ours.records] == [record for answer in answers for record in answer]
        assert len(ours.questions) == len(theirs.question)


def test_error_codes_beyond_those_of_the_header_are_read() -> None:
    response = read_response(refuse(QUESTION, dns.rcode.BADVERS, knows_edns=True), dns.rdatatype.A)
    assert response.rcode == dns.rcode.BADVERS


def test_broken_records_that_nobody_asked_for_do_no_harm() -> None:
    wire = reply(QUESTION).replace(b"\x00\x04\xc0\x00\x02\x01", b"\x00\x03\xc0\x00\x02")
    assert read_response(wire, dns.rdatatype.AAAA).records == []
    with pytest.raises(NoAnswer, match="with something that is no DNS message"):
        read_response(wire, dns.rdatatype.A)


def test_of_a_message_that_was_cut_stands_all_that_came() -> None:
    whole = reply(QUESTION, "192.0.2.1", "192.0.2.2")
    response = read_response(whole[:2] + b"\x83" + whole[3:-13], dns.rdatatype.A)
    assert (len(response.records), response.is_cut) == (1, True)


@pytest.mark.parametrize(
    "octets",
    [b"", QUESTION[:11], QUESTION[:-1], QUESTION[:12] + b"\x41" + bytes(20)],
    ids=["nothing", "half a header", "a record that ends early", "an unknown kind of label"],
)
def test_less_than_a_message_is_none(octets: bytes) -> None:
    with pytest.raises(NoAnswer, match="with something that is no DNS message"):
        read_response(octets, dns.rdatatype.A)


def test_answers_of_another_class_are_none() -> None:
    response = respond_to(QUESTION)
    response.answer.append(dns.rrset.from_text("www.a.test.", 60, "CH", "TXT", "abc"))
    assert read_response(response.to_wire(), dns.rdatatype.TXT).records == []
