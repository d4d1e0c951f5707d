"""Whether a name server answers as expected: records beside the texts of people, each type by its own rules. No IO."""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence

import dns.exception
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
from dns.rdtypes.ANY.CAA import CAA
from dns.rdtypes.ANY.TXT import TXT

from dashnet.errors import DeviceFailure
from services.network.drivers.dns.options import DnsOptions
from services.network.drivers.dns.responses import Response

_SHOWN_ANSWERS = 5
_SHOWN_CHARACTERS = 100
_Fields = tuple[object, ...]
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(rb"\\(\d{3}|.)", re.DOTALL)


def check_answers(response: Response, options: DnsOptions) -> None:
    """Hold the answers to what the options expect.

    Raises:
        DeviceFailure: they are others.
    """
    rcode, records = response.rcode, response.records
    asked = f"{options.record_type} of {options.query_name}"
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise DeviceFailure(f"answers {dns.rcode.to_text(rcode)} to {asked}")
    if options.expected == []:
        if records:
            raise DeviceFailure(f"answers {_shown(to_texts(records))} to {asked}, expected is none")
        return
    if not records:
        raise DeviceFailure(f"knows no {asked} ({dns.rcode.to_text(rcode)})")
    expected = options.expected or ()
    missing = [one for one in expected if not any(is_expected(record, one) for record in records)]
    if missing:
        raise DeviceFailure(f"answers {_shown(to_texts(records))} to {asked}, expected is {_shown(missing)}")


def to_texts(records: Sequence[dns.rdata.Rdata]) -> Sequence[str]:
    """Return the records for people, each once."""
    return list(dict.fromkeys(map(to_text, records)))


def to_text(record: dns.rdata.Rdata) -> str:
    """Return a record for people; the parts of a TXT joined, without quotes."""
    return _join(record.strings) if isinstance(record, TXT) else record.to_text()


def is_expected(record: dns.rdata.Rdata, expected: str) -> bool:
    """Whether a person who writes `expected` means this record.

    Names are compared without case, in letters or punycode; addresses in any notation; the texts of TXT and CAA with
    case, with or without quotes. The numbers in front of MX and SRV may be left out.
    """
    if isinstance(record, TXT):
        return _squeeze(_join(record.strings)) in {_squeeze(text) for text in _read_texts(expected)}
    if isinstance(record, CAA):
        return _to_fields_of_caa(record) in _read_caa(expected)
    read = _READERS[dns.rdatatype.to_text(record.rdtype)]
    words, present = expected.split(), record.to_text().split()
    if len(words) != len(present) and not (record.rdtype in _NUMBERED and 0 < len(words) < len(present)):
        return False
    readers = read[-len(words) :]
    return _read(words, readers) == _read(present[-len(words) :], readers)


def _read(words: Sequence[str], readers: Sequence[Callable[[str], object]]) -> _Fields:
    return tuple(_try_to_read(word, read) for word, read in zip(words, readers, strict=True))


def _try_to_read(word: str, read: Callable[[str], object]) -> object:
    try:
        return read(word)
    except (ValueError, dns.exception.DNSException):
        return word.lower()


def _read_address(text: str) -> object:
    return ipaddress.ip_address(text.removeprefix("[").removesuffix(".").removesuffix("]"))


_READERS: Mapping[str, Sequence[Callable[[str], object]]] = {
    "A": [_read_address],
    "AAAA": [_read_address],
    "CNAME": [dns.name.from_text],
    "MX": [int, dns.name.from_text],
    "NS": [dns.name.from_text],
    "PTR": [dns.name.from_text],
    "SOA": [*[dns.name.from_text] * 2, *[int] * 5],
    "SRV": [int, int, int, dns.name.from_text],
}
_NUMBERED = (dns.rdatatype.MX, dns.rdatatype.SRV)


def _to_fields_of_caa(record: CAA) -> _Fields:
    return record.flags, record.tag.decode(errors="replace").lower(), record.value.decode(errors="replace")


def _read_caa(expected: str) -> Sequence[_Fields]:
    """All ways to read `0 issue "ca.example"`, of which the quotes may be left out."""
    flags, tag, value = (*expected.split(maxsplit=2), "", "", "")[:3]
    if not flags.isdecimal():
        return []
    return [(int(flags), tag.lower(), text) for text in _read_texts(value)]


def _read_texts(expected: str) -> Sequence[str]:
    """A text as it is, without its escapes, and as the parts in quotes that `dig` prints make it up."""
    texts = [expected, _unescape(expected)]
    parts, end = [], 0
    while quoted := _QUOTED.match(expected, end):
        parts.append(quoted.group(1))
        end = quoted.end()
    if parts and not expected[end:].strip():
        texts.append("".join(map(_unescape, parts)))
    return texts


def _unescape(text: str) -> str:
    return _ESCAPED.sub(_replace_escape, text.encode()).decode(errors="replace")


def _replace_escape(escape: re.Match[bytes]) -> bytes:
    letter = escape.group(1)
    return bytes([int(letter)]) if len(letter) == 3 and int(letter) < 256 else letter


def _join(strings: Sequence[bytes]) -> str:
    return b"".join(strings).decode(errors="replace")


def _squeeze(text: str) -> str:
    """Blanks make no difference: what stands in a file or form rarely shows how many there are."""
    return " ".join(text.split())


def _shown(answers: Sequence[str]) -> str:
    more = f" and {len(answers) - _SHOWN_ANSWERS} more" if len(answers) > _SHOWN_ANSWERS else ""
    return ", ".join(answer[:_SHOWN_CHARACTERS] for answer in answers[:_SHOWN_ANSWERS]) + more
