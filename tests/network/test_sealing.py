from collections.abc import Iterator
from typing import Any

import pytest

from dashnet.errors import DriverFault
from services.network.models import DeviceCreate
from services.network.sealing import fill_in_kept, seal, to_path, to_pointer, unseal
from services.network.secret_keys import SecretKeys
from tests.factories import make_device
from tests.network.secret_driver import NAME, secretive_driver

KEYS = SecretKeys([bytes(32)])
OTHER_KEYS = SecretKeys([bytes(range(32))])
MASK = "*" * 10
OPTIONS = {
    "url": "u",
    "token": "t-1",
    "login": {"user": "me", "password": "p-1"},
    "headers": {"X/~A": "a-1", "B": "b-1"},
}


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    """The driver is there."""
    with secretive_driver():
        yield


def make(options: dict[str, Any]) -> DeviceCreate:
    return DeviceCreate.model_validate(make_device(driver=NAME, driver_options=options))


SEALED_POINTERS = {"/token", "/login/password", "/headers/X~1~0A", "/headers/B"}


@pytest.mark.parametrize("path", [("a",), ("a/b", "~c", "~1", ""), ("", "")])
def test_a_pointer_leads_back_to_its_path(path: tuple[str, ...]) -> None:
    assert to_path(to_pointer(path)) == path


def test_a_sealed_device_shows_masks_and_opens_again() -> None:
    sealed = seal(make(OPTIONS), KEYS)
    assert sealed.device.driver_options == {
        "url": "u",
        "token": MASK,
        "login": {"user": "me", "password": MASK},
        "headers": {"X/~A": MASK, "B": MASK},
    }
    assert sealed.tokens.keys() == SEALED_POINTERS
    assert unseal(sealed.device.driver_options, sealed.tokens, KEYS) == OPTIONS


def test_a_device_without_secrets_needs_no_key() -> None:
    assert seal(make({"url": "u"}), SecretKeys([])).tokens == {}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {"/token", "/headers/X~1~0A", "/headers/B"}),
        ({"token": MASK, "login": {"user": "you"}}, SEALED_POINTERS),
        ({"token": None}, {"/headers/X~1~0A", "/headers/B"}),
        ({"headers": None}, {"/token"}),
        ({"headers": {}}, {"/token", "/headers/X~1~0A", "/headers/B"}),
        ({"headers": {"B": None}}, {"/token", "/headers/X~1~0A"}),
        ({"headers": {"B": "new", "X/~A": MASK}}, {"/token", "/headers/X~1~0A"}),
        ({"headers": "wrong"}, {"/token"}),
        ({"login": {"password": MASK}}, SEALED_POINTERS),
    ],
)
def test_a_secret_stays_where_nothing_or_its_mask_is_given(given: dict[str, Any], kept: set[str]) -> None:
    sealed = seal(make(OPTIONS), KEYS)
    filled, tokens = fill_in_kept(NAME, given, sealed.tokens, KEYS)
    assert tokens.keys() == kept
    assert kept == {pointer for pointer in SEALED_POINTERS if _value(filled, pointer) == _value(OPTIONS, pointer)}


def _value(options: Any, pointer: str) -> object:
    for name in to_path(pointer):
        options = options.get(name) if isinstance(options, dict) else None
    return options


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, set()),
        ({"username": "you"}, {"/password"}),
        ({"bearer_token": "b"}, set()),
        ({"password": MASK}, {"/password"}),
        ({"username": "you", "timeout_seconds": "long"}, {"/password"}),
    ],
)
def test_a_secret_that_is_left_out_goes_where_the_options_do_not_go_with_it(
    given: dict[str, Any], kept: set[str]
) -> None:
    device = make_device(driver="http", driver_options={"username": "me", "password": "p"})
    sealed = seal(DeviceCreate.model_validate(device), KEYS)
    assert fill_in_kept("http", given, sealed.tokens, KEYS)[1].keys() == kept


def test_what_is_kept_is_not_encrypted_anew() -> None:
    sealed = seal(make(OPTIONS), KEYS)
    filled, kept = fill_in_kept(NAME, {"url": "v", "token": "new"}, sealed.tokens, KEYS)
    again = seal(make(filled), KEYS, kept)
    assert {name: again.tokens[name] for name in kept} == dict(kept)
    assert again.tokens["/token"] != sealed.tokens["/token"]


def test_what_cannot_be_read_is_kept_as_it_is() -> None:
    sealed = seal(make(OPTIONS), KEYS)
    filled, kept = fill_in_kept(NAME, sealed.device.driver_options, sealed.tokens, OTHER_KEYS)
    assert seal(make(filled), OTHER_KEYS, kept).tokens == sealed.tokens


def test_what_cannot_be_read_is_not_opened() -> None:
    sealed = seal(make(OPTIONS), KEYS)
    with pytest.raises(DriverFault, match="encrypted with another key"):
        unseal(sealed.device.driver_options, sealed.tokens, OTHER_KEYS)
