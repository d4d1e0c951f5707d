import orjson

from services.network.models import DeviceCreate
from services.network.records import cut_slices, encode_created, to_record
from services.network.sealing import SealedDevice
from tests.factories import make_device


def make_sealed() -> SealedDevice:
    return SealedDevice(DeviceCreate.model_validate(make_device(parent_id=3)), {"/community": "sealed"})


def test_a_record_shows_the_device_and_no_secret() -> None:
    sealed = make_sealed()
    shown = orjson.loads(to_record(sealed).encode(7))
    assert shown == {"id": 7, **sealed.device.model_dump()}


def test_a_row_holds_the_secrets_too() -> None:
    sealed = make_sealed()
    row = orjson.loads(to_record(sealed).encode_row(7))
    assert row == {"id": 7, "secrets": {"/community": "sealed"}, **sealed.device.model_dump()}


def test_slices_leave_nothing_out() -> None:
    records = [to_record(make_sealed())] * 4_001
    slices = list(cut_slices(range(4_001), records))
    assert [len(some) for _, some in slices] == [2_000, 2_000, 1]
    assert [one for ids, _ in slices for one in ids] == list(range(4_001))


def test_an_answer_holds_all_in_their_order() -> None:
    records = [to_record(make_sealed()) for _ in range(3)]
    shown = orjson.loads(encode_created([4, 5, 6], records))
    assert [(one["id"], one["parent_id"]) for one in shown] == [(4, 3), (5, 3), (6, 3)]
