"""The interfaces that a refresh saw, beside its publication: packed by device, as few subscribers want any of them.

A worker packs them; an app service keeps what is packed, and unpacks only what a subscriber is to get.
"""

import zlib
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NewType

import orjson

from dashnet.messages import LiveInterface

# The quickest: the better ones save a tenth and take three times as long.
_LEVEL = 1

Packed = NewType("Packed", bytes)
NO_INTERFACES = b"[]"


def pack_interfaces(interfaces: Sequence[LiveInterface]) -> Packed:
    """The interfaces of one device."""
    return pack_json(orjson.dumps(interfaces))


def pack_json(interfaces: bytes) -> Packed:
    """The same of a JSON array."""
    return Packed(zlib.compress(interfaces, _LEVEL))


def unpack_json(packed: Packed | None) -> bytes:
    """The JSON array of a device's interfaces; an empty one where there is nothing."""
    return NO_INTERFACES if packed is None else zlib.decompress(packed)


def join_part(by_device: Mapping[int, Packed]) -> bytes:
    """What goes beside a publication: a line of ids and sizes, then what is packed; nothing where there is nothing."""
    if not by_device:
        return b""
    sizes = [[device_id, len(packed)] for device_id, packed in by_device.items()]
    return orjson.dumps(sizes) + b"\n" + b"".join(by_device.values())


def cut_part(part: bytes) -> dict[int, Packed]:
    """The same by device again.

    Raises:
        ValueError: this is no such part.
    """
    if not part:
        return {}
    head, _, rest = part.partition(b"\n")
    sizes = orjson.loads(head)
    ends = list(accumulate((size for _, size in sizes), initial=0))
    if ends[-1] != len(rest):
        raise ValueError("the interfaces beside a publication are not as long as they say")
    return {one: Packed(rest[begin:end]) for (one, _), (begin, end) in zip(sizes, pairwise(ends), strict=True)}
