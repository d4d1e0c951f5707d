"""Long publications, cut so that each message fits a client with usual limits. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from dashnet.interface_part import cut_part, join_part
from dashnet.publication import Kind

# A client with usual limits takes 1 MiB.
MOST_BYTES = 800_000
# The longest reading of /live, all its numbers written out: `test_long_publications` measures one.
SNAPSHOT_BYTES = 210
# A view with a state shows a device whole when it enters. Few are longer.
DEVICE_BYTES = 700

Fields = dict[str, Any]


def split_publication(kind: Kind, fields: Fields, part: bytes = b"") -> Iterator[tuple[Fields, bytes]]:
    """Yield the fields of each publication, and what goes beside it; in most cases just the ones given.

    Cuts between devices, so that each device's reading and its change of state stay together.
    """
    if kind is Kind.SNAPSHOTS:
        yield from _split_snapshots(fields, part)
    elif kind is Kind.INVENTORY:
        yield from _split_inventory(fields, part)
    else:
        yield fields, part


def _split_snapshots(fields: Fields, part: bytes) -> Iterator[tuple[Fields, bytes]]:
    changes = {one["device_id"]: one for one in fields.get("state_changes", ())}
    snap_shots: Sequence[Fields] = fields["snap_shots"]
    sizes = [SNAPSHOT_BYTES + _size_of(changes.get(one["device_id"])) for one in snap_shots]
    pieces = list(_cut(snap_shots, sizes))
    if len(pieces) <= 1:
        yield fields, part
        return
    interfaces = cut_part(part)
    for piece in pieces:
        ids = [one["device_id"] for one in piece]
        turned = [changes[one] for one in ids if one in changes]
        kept = {name: value for name, value in fields.items() if name != "state_changes"}
        more = {"state_changes": turned} if turned else {}
        yield {**kept, "snap_shots": piece, **more}, join_part(_choose(interfaces, ids))


def _size_of(change: Mapping[str, Any] | None) -> int:
    return 0 if change is None else DEVICE_BYTES + len(orjson.dumps(change))


def _choose(interfaces: Mapping[int, Any], ids: Iterable[int]) -> dict[int, Any]:
    return {one: interfaces[one] for one in ids if one in interfaces} if interfaces else {}


def _split_inventory(fields: Fields, part: bytes) -> Iterator[tuple[Fields, bytes]]:
    changed: Sequence[Fields] = fields["changed"]
    pieces = list(_cut(changed, [len(orjson.dumps(one)) for one in changed]))
    if len(pieces) <= 1:
        yield fields, part
        return
    for number, piece in enumerate(pieces):
        yield {"changed": piece, "removed": fields["removed"] if number == 0 else []}, b""


def _cut(devices: Sequence[Fields], sizes: Sequence[int]) -> Iterator[Sequence[Fields]]:
    begin = taken = 0
    for place, size in enumerate(sizes):
        if taken + size > MOST_BYTES and place > begin:
            yield devices[begin:place]
            begin, taken = place, 0
        taken += size
    yield devices[begin:]
