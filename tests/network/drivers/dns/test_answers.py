"""Records beside what people expect of them."""

import dns.rdata
import pytest

from services.network.drivers.dns.answers import is_expected

SAME = [
    ("A", "192.0.2.1", "192.0.2.1"),
    ("A", "192.0.2.1", " 192.0.2.1. "),
    ("AAAA", "2001:db8::1", "2001:DB8:0:0:0:0:0:1"),
    ("AAAA", "2001:db8::1", "[2001:0db8::0001]"),
    ("AAAA", "::ffff:192.0.2.1", "::ffff:c000:201"),
    ("CNAME", "xn--bcher-kva.example.", "bücher.example"),
    ("CNAME", "xn--bcher-kva.example.", "BÜCHER.example."),
    ("CNAME", "Www.Example.Org.", "wWW.eXAMPLE.oRG"),
    ("NS", "ns.example.", "NS.example"),
    ("PTR", "www.example.", "www.example"),
    ("MX", "10 mail.example.", "10 Mail.example"),
    ("MX", "10 mail.example.", "mail.example."),
    ("MX", "0 .", "0 ."),
    ("SRV", "1 2 389 two.example.", "1  2 389 TWO.example"),
    ("SRV", "1 2 389 two.example.", "two.example"),
    ("SRV", "1 2 389 two.example.", "389 two.example"),
    ("SOA", "ns.example. root.example. 7 2 3 4 5", "NS.example root.example 7 2 3 4 5"),
    ("TXT", '"google-site-verification=AbC"', "google-site-verification=AbC"),
    ("TXT", '"google-site-verification=AbC"', '"google-site-verification=AbC"'),
    ("TXT", '"v=DKIM1; p=ab" "cd"', '"v=DKIM1; p=ab" "cd"'),
    ("TXT", '"v=DKIM1; p=ab" "cd"', "v=DKIM1; p=abcd"),
    ("TXT", '"v=DMARC1; p=none"', r'"v=DMARC1\; p=none"'),
    ("TXT", r'"B\195\188ro \"x\""', r'"B\195\188ro \"x\""'),
    ("TXT", r'"B\195\188ro \"x\""', 'Büro "x"'),
    ("TXT", r'"\"quoted\""', '"quoted"'),
    ("TXT", '"ends with a dot."', "ends with a dot."),
    ("CAA", '0 issue "ca.example"', "0 issue ca.example"),
    ("CAA", '0 issue "ca.example"', '0 ISSUE "ca.example"'),
    ("CAA", '128 issue "ca.example; policy=ev"', "128 issue ca.example; policy=ev"),
    ("CAA", '0 issue ";"', "0 issue ;"),
]
OTHERS = [
    ("A", "192.0.2.1", "192.0.2.11"),
    ("AAAA", "2001:db8::1", "2001:db8::2"),
    ("CNAME", "xn--bcher-kva.example.", "bucher.example"),
    ("MX", "10 mail.example.", "20 mail.example"),
    ("MX", "10 mail.example.", "10"),
    ("SRV", "1 2 389 two.example.", "636 two.example"),
    ("SRV", "1 2 389 two.example.", "0 1 2 389 two.example"),
    ("SOA", "ns.example. root.example. 7 2 3 4 5", "5"),
    ("TXT", '"google-site-verification=AbC"', "google-site-verification=abc"),
    ("TXT", '"google-site-verification=AbC"', '"google-site-verification=abc"'),
    ("TXT", '"ends with a dot."', "ends with a dot"),
    ("TXT", '"abcd"', '"ab" x "cd"'),
    ("CAA", '0 issue "ca.example"', "0 issue CA.example"),
    ("CAA", '0 issue "ca.example"', "128 issue ca.example"),
    ("CAA", '0 issue "ca.example"', "ca.example"),
    ("A", "192.0.2.1", " "),
]


def make_record(record_type: str, text: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text("IN", record_type, text)


@pytest.mark.parametrize(("record_type", "record", "expected"), SAME)
def test_each_way_to_write_a_record_is_known(record_type: str, record: str, expected: str) -> None:
    assert is_expected(make_record(record_type, record), expected)


@pytest.mark.parametrize(("record_type", "record", "expected"), OTHERS)
def test_another_record_is_not_taken_for_it(record_type: str, record: str, expected: str) -> None:
    assert not is_expected(make_record(record_type, record), expected)
