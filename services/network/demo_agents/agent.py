"""An SNMP 2c agent: what goes back for a message. Pure; sockets are in main."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from services.network.demo_agents.ber import (
    END_OF_MIB_VIEW,
    GET,
    GET_BULK,
    NO_SUCH_INSTANCE,
    NULL,
    TOO_BIG,
    Oid,
    Request,
    Value,
    decode_request,
    encode_response,
)

Pair = tuple[Oid, Value]

# What fits into one Ethernet frame behind the headers of IPv4 and UDP; GETBULK fills it, as real agents do.
MOST_BYTES = 1472
_MOST_REPETITIONS = 100
_NOTHING = Value(NULL, b"")


def answer(message: bytes, community: bytes, mib: Mapping[Oid, Value]) -> bytes | None:
    """What goes back for a message; null for silence, as towards whoever does not know the community."""
    try:
        request = decode_request(message)
    except ValueError:
        return None
    if request.community != community or not request.oids:
        return None
    pairs = list(_look_up(request, mib))
    response = encode_response(request, pairs)
    while len(response) > MOST_BYTES and request.kind == GET_BULK and len(pairs) > 1:
        pairs = pairs[: len(pairs) // 2]
        response = encode_response(request, pairs)
    if len(response) > MOST_BYTES:
        return encode_response(request, [(oid, _NOTHING) for oid in request.oids], TOO_BIG)
    return response


def _look_up(request: Request, mib: Mapping[Oid, Value]) -> Iterator[Pair]:
    if request.kind == GET:
        yield from ((oid, mib.get(oid, Value(NO_SUCH_INSTANCE, b""))) for oid in request.oids)
        return
    known = sorted(mib)
    if request.kind != GET_BULK:
        yield from (_next(known, mib, oid) for oid in request.oids)
        return
    once, repeated = request.oids[: max(0, request.first)], request.oids[max(0, request.first) :]
    yield from (_next(known, mib, oid) for oid in once)
    for _ in range(min(max(0, request.second), _MOST_REPETITIONS)):
        row = [_next(known, mib, oid) for oid in repeated]
        yield from row
        repeated = [oid for oid, _ in row]
        if all(value.tag == END_OF_MIB_VIEW for _, value in row):
            return


def _next(known: Sequence[Oid], mib: Mapping[Oid, Value], oid: Oid) -> Pair:
    place = bisect_right(known, oid)
    if place == len(known):
        return oid, Value(END_OF_MIB_VIEW, b"")
    return known[place], mib[known[place]]
