from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.problems import invalid_input
from services.network.fields import LARGEST_ID
from services.network.models import SCHEMA, DeviceCreate
from tests.factories import make_device
from tests.migrated import find_differences


def make(**fields: Any) -> DeviceCreate:
    return DeviceCreate.model_validate(make_device(**fields))


def test_what_may_be_left_out_has_a_default() -> None:
    device = DeviceCreate(host_name="a", mac_address="b", ip_address="c")
    assert device.model_dump(exclude={"host_name", "mac_address", "ip_address"}) == {
        "device_type": "Other",
        "operating_system": "",
        "driver": "simulated",
        "driver_options": {},
        "tags": [],
        "parent_id": None,
    }


def test_space_around_a_text_is_dropped() -> None:
    device = make(host_name="  a b\n", mac_address=" 001b44113ab7 ", tags=[" x "])
    assert (device.host_name, device.mac_address, device.tags) == ("a b", "00:1B:44:11:3A:B7", ["x"])


@pytest.mark.parametrize("given", [None, "", " ", "\t"])
def test_a_mac_address_that_is_empty_is_none(given: str | None) -> None:
    assert make(mac_address=given).mac_address is None


@pytest.mark.parametrize("field", ["host_name", "ip_address", "device_type"])
def test_what_must_not_be_empty_says_so(field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        make(**{field: " "})
    assert str(invalid_input(refused.value.errors())) == f"{field}: must not be empty"


def test_a_repeated_tag_counts_once() -> None:
    assert make(tags=["b", "a", "b"]).tags == ["b", "a"]


@pytest.mark.parametrize("name", ["Ωmega", "路由器", "👩‍💻", "e\u0301", "\u202eabc", "a\ufffe", "x" * 255])
def test_a_name_may_hold_any_writing(name: str) -> None:
    assert make(host_name=name).host_name == name


@given(text=st.text(st.characters(categories=["Cc"])).map(lambda controls: f"a{controls}\x01b"))
def test_no_control_character_is_let_through(text: str) -> None:
    with pytest.raises(ValidationError, match="control characters are not allowed"):
        make(operating_system=text)


@pytest.mark.parametrize(
    "fields",
    [
        {"host_name": ""},
        {"host_name": " \t "},
        {"host_name": "x" * 256},
        {"host_name": 5},
        {"host_name": None},
        {"host_name": "a\x00b"},
        {"host_name": "a\u2028b"},
        {"mac_address": "a/b"},
        {"ip_address": "a b"},
        {"device_type": ""},
        {"driver": ""},
        {"driver": "telepathy"},
        {"driver_options": None},
        {"driver_options": []},
        {"driver_options": {"colour": 1}},
        {"driver_options": {"seed": -1}},
        {"driver_options": {"seed": 2**63}},
        {"driver_options": {"profile": "lazy"}},
        {"tags": None},
        {"tags": "a"},
        {"tags": [""]},
        {"tags": [1]},
        {"tags": ["x" * 65]},
        {"tags": [str(number) for number in range(33)]},
        {"parent_id": 0},
        {"parent_id": -1},
        {"parent_id": LARGEST_ID + 1},
        {"parent_id": "1"},
        {"parent_id": 1.0},
        {"parent_id": True},
    ],
    ids=str,
)
def test_a_bad_field_is_refused_by_its_name(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        make(**fields)
    assert {error["loc"][0] for error in caught.value.errors()} == set(fields)


async def test_the_tables_are_those_that_the_migrations_make(engine: AsyncEngine) -> None:
    assert await find_differences(engine, SCHEMA) == []
