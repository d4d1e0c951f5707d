from typing import Any

import orjson
import pytest

from dashnet.errors import InvalidInput, PayloadTooLarge
from services.network.bodies import MOST_DEVICES, merge_update, parse_devices, parse_update
from services.network.json_pieces import parse_json
from services.network.models import DeviceCreate
from services.network.secret_keys import SecretKeys
from tests.factories import make_device

BAD_JSON = {
    "empty": b"",
    "cut off": b'{"host_name": "a"',
    "a comma too many": b"[1,]",
    "single quotes": b"{'a': 1}",
    "no UTF-8": b'"\xff"',
    "a lone surrogate": rb'"\ud800"',
    "a lone surrogate in a name": rb'{"\udc00": 1}',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "a raw NUL": b'"a\x00"',
    "not a number": b"NaN",
    "infinity": b"-Infinity",
    "an integer of 5000 digits": b"9" * 5000,
    "10,000 brackets": b"[" * 10_000 + b"]" * 10_000,
    "10,000 braces": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
}


def keep(device: DeviceCreate) -> DeviceCreate:
    return device


def test_one_device_is_told_from_a_list_of_one() -> None:
    body = make_device()
    assert parse_devices(orjson.dumps(body), keep)[1] is False
    assert parse_devices(orjson.dumps([body]), keep)[1] is True


def test_devices_keep_their_order() -> None:
    bodies = [make_device() for _ in range(5)]
    devices, _ = parse_devices(orjson.dumps(bodies), keep)
    assert [device.host_name for device in devices] == [body["host_name"] for body in bodies]


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_what_is_no_json_is_refused_with_the_place(body: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"^the body is not valid JSON: .* at line 1 column \d+$"):
        parse_json(body)


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(InvalidInput, match="the list is empty"):
        parse_devices(b"[]", keep)


def test_a_device_too_many_is_refused_before_any_is_looked_at() -> None:
    with pytest.raises(PayloadTooLarge, match=r"^100,001 devices are more than the 100,000"):
        parse_devices(orjson.dumps([None] * (MOST_DEVICES + 1)), keep)


@pytest.mark.parametrize("body", [b"null", b"1", b'"a"', b"true"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="body: Input should be a valid dictionary"):
        parse_devices(body, keep)


def test_each_bad_field_of_a_list_is_named_with_its_place() -> None:
    bodies = [make_device(), make_device(host_name=7), make_device(tags="x", colour="red")]
    with pytest.raises(InvalidInput) as caught:
        parse_devices(orjson.dumps(bodies), keep)
    assert [error.location for error in caught.value.errors] == ["[1].host_name", "[2].tags", "[2].colour"]


def test_only_the_fields_that_are_given_are_changes() -> None:
    assert parse_update(b'{"mac_address": null}').model_dump(exclude_unset=True) == {"mac_address": None}
    assert parse_update(b'{"parent_id": null}').model_dump(exclude_unset=True) == {"parent_id": None}


@pytest.mark.parametrize("field", ["host_name", "ip_address", "device_type", "operating_system", "driver", "tags"])
def test_null_is_refused_for_a_field_that_must_not_be_null(field: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{field}: Input should be a valid"):
        parse_update(orjson.dumps({field: None}))


def stored(**fields: Any) -> dict[str, Any]:
    defaults = {"id": 1, "driver": "simulated", "driver_options": {"seed": 5}, "tags": ["a"], "parent_id": 3}
    return make_device(**defaults | fields)


def test_a_change_leaves_all_other_fields() -> None:
    device = stored()
    merged, _ = merge_update(device, {}, parse_update(b'{"host_name": "new"}'), SecretKeys([]))
    assert {"id": 1, **merged.model_dump()} == device | {"host_name": "new"}


def test_a_change_of_the_driver_alone_is_refused_where_the_options_do_not_fit() -> None:
    with pytest.raises(InvalidInput, match="driver_options: driver 'host' does not take this: seed: Extra inputs"):
        merge_update(stored(), {}, parse_update(b'{"driver": "host"}'), SecretKeys([]))


def test_the_driver_may_change_together_with_its_options() -> None:
    merged, _ = merge_update(
        stored(), {}, parse_update(b'{"driver": "host", "driver_options": {"interfaces": ["lo"]}}'), SecretKeys([])
    )
    assert (merged.driver, merged.driver_options) == ("host", {"interfaces": ["lo"]})
