"""A new device as bytes: many of them wait so for their place in the database at a fifth of what models take. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from services.network.sealing import SealedDevice, Tokens

# So many are inserted, and encoded for an answer, by one statement.
_SLICE_DEVICES = 2_000


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A sealed device without an id: `fields` are those of answers, as JSON up to the brace; `tokens` its secrets."""

    fields: bytes
    tokens: Tokens
    mac_address: str | None
    parent_id: int | None

    def encode(self, device_id: int) -> bytes:
        """Return the device as answers show it."""
        return b'{"id":%d,' % device_id + self.fields

    def encode_row(self, device_id: int) -> bytes:
        """Return the device as it is stored."""
        return b'{"id":%d,"secrets":%s,' % (device_id, orjson.dumps(self.tokens)) + self.fields


def to_record(sealed: SealedDevice) -> DeviceRecord:
    """Pack a sealed device."""
    device = sealed.device
    # The copy has its own size; orjson's bytes lie in places of a kilobyte, most of which would stay empty.
    fields = orjson.dumps(device.model_dump())[1:]
    return DeviceRecord(fields, sealed.tokens, device.mac_address, device.parent_id)


def cut_slices(
    ids: Sequence[int], records: Sequence[DeviceRecord]
) -> Iterator[tuple[Sequence[int], Sequence[DeviceRecord]]]:
    """Cut records and their ids into slices for one statement each."""
    for begin in range(0, len(records), _SLICE_DEVICES):
        end = begin + _SLICE_DEVICES
        yield ids[begin:end], records[begin:end]


def encode_created(ids: Sequence[int], records: Sequence[DeviceRecord]) -> bytes:
    """Return the JSON array of new devices."""
    slices = (
        b",".join(record.encode(device_id) for device_id, record in zip(some_ids, some, strict=True))
        for some_ids, some in cut_slices(ids, records)
    )
    # Brackets that are added to the whole would take its memory once more.
    pieces = [piece for one in slices for piece in (b",", one)]
    return b"".join((b"[", *pieces[1:], b"]"))
