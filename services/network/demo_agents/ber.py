"""As much of BER and SNMP 2c as a small agent needs: from bytes to values and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Oid = tuple[int, ...]

INTEGER, STRING, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
COUNTER32, GAUGE32, TIME_TICKS, COUNTER64 = 0x41, 0x42, 0x43, 0x46
NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x81, 0x82
GET, GET_NEXT, RESPONSE, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5
TOO_BIG, GENERAL_ERROR = 1, 5
_VERSION_2C = 1


@dataclass(frozen=True, slots=True)
class Value:
    """A value with its tag, already encoded."""

    tag: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A message to an agent; `first` and `second` are the two numbers that each PDU has after its id."""

    community: bytes
    kind: int
    request_id: int
    first: int
    second: int
    oids: Sequence[Oid]


def whole(number: int, tag: int = INTEGER) -> Value:
    """A whole number under some tag."""
    return Value(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def text(content: str) -> Value:
    """An octet string."""
    return Value(STRING, content.encode())


def octets(content: bytes) -> Value:
    """An octet string of any bytes, such as a MAC address."""
    return Value(STRING, content)


def name(oid: str) -> Value:
    """An object identifier as a value."""
    return Value(OID, encode_oid(to_oid(oid)))


def to_oid(dotted: str) -> Oid:
    """An object identifier from its usual notation."""
    return tuple(map(int, dotted.split(".")))


def encode_oid(oid: Oid) -> bytes:
    """The content of an object identifier."""
    parts = [oid[0] * 40 + oid[1], *oid[2:]]
    return b"".join(map(_encode_part, parts))


def _encode_part(part: int) -> bytes:
    groups = [part & 0x7F]
    while part := part >> 7:
        groups.append(part & 0x7F | 0x80)
    return bytes(reversed(groups))


def encode(value: Value) -> bytes:
    """Tag, length, content."""
    length = len(value.content)
    if length < 0x80:
        return bytes((value.tag, length)) + value.content
    size = (length.bit_length() + 7) // 8
    return bytes((value.tag, 0x80 | size)) + length.to_bytes(size, "big") + value.content


def encode_response(request: Request, pairs: Sequence[tuple[Oid, Value]], error: int = 0, index: int = 0) -> bytes:
    """The answer to a request."""
    varbinds = b"".join(
        encode(Value(SEQUENCE, encode(Value(OID, encode_oid(oid))) + encode(value))) for oid, value in pairs
    )
    head = encode(whole(request.request_id)) + encode(whole(error)) + encode(whole(index))
    pdu = encode(Value(RESPONSE, head + encode(Value(SEQUENCE, varbinds))))
    return encode(Value(SEQUENCE, encode(whole(1)) + encode(Value(STRING, request.community)) + pdu))


def decode_request(message: bytes) -> Request:
    """A GET, GETNEXT or GETBULK of SNMP 2c.

    Raises:
        ValueError: it is something else.
    """
    try:
        return _decode_request(message)
    except (IndexError, StopIteration) as error:
        raise ValueError("no whole message") from error


def _decode_request(message: bytes) -> Request:
    ((_, body),) = _parts(message)
    (_, version), (_, community), (kind, pdu) = _parts(body)
    if _decode_whole(version) != _VERSION_2C or kind not in (GET, GET_NEXT, GET_BULK):
        raise ValueError("no request of SNMP 2c")
    (_, request_id), (_, first), (_, second), (_, varbinds) = _parts(pdu)
    oids = [_decode_oid(next(_parts(varbind))[1]) for _, varbind in _parts(varbinds)]
    return Request(community, kind, _decode_whole(request_id), _decode_whole(first), _decode_whole(second), oids)


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(content):
        tag, length, at = content[at], content[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(content[at : at + size], "big"), at + size
        yield tag, content[at : at + length]
        at += length


def _decode_whole(content: bytes) -> int:
    return int.from_bytes(content, "big", signed=True)


def _decode_oid(content: bytes) -> Oid:
    parts = [0]
    for byte in content:
        parts[-1] = parts[-1] << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(0)
    first, *rest = parts[:-1]
    return (min(first // 40, 2), first - min(first // 40, 2) * 40, *rest)
