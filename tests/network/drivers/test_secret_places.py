from typing import Annotated, Any, Optional

import pytest
from pydantic import BaseModel, Field, SecretStr

from services.network.drivers import OPTIONS, check_options, parse_options
from services.network.drivers.secret_places import find_secrets, is_place, secret_places, with_values, without
from tests.network.secret_driver import NAME, SecretiveOptions, secretive_driver

PLACES = secret_places(SecretiveOptions)
SECRET = "s3cret-value"


class Odd(BaseModel):
    """Ways to say that something may be a secret."""

    a: SecretStr | None = None
    b: Optional[SecretStr] = None  # noqa: UP045
    c: Annotated[SecretStr | None, Field()] = None
    d: dict[str, dict[str, SecretStr]] | None = None
    e: int | str = 0
    f: list[int] = []


@pytest.fixture(autouse=True)
def known() -> Any:
    """The driver is there."""
    with secretive_driver():
        yield


def test_secrets_are_found_by_their_type_wherever_it_stands() -> None:
    assert PLACES == {"community": {}, "token": {}, "login": {"password": {}}, "headers": {None: {}}}
    assert secret_places(Odd) == {"a": {}, "b": {}, "c": {}, "d": {None: {None: {}}}}


@pytest.mark.parametrize("driver", sorted(OPTIONS))
def test_the_types_of_every_driver_are_understood(driver: str) -> None:
    secret_places(OPTIONS[driver])


@pytest.mark.parametrize("annotation", [list[SecretStr], tuple[SecretStr, int], SecretStr | Odd, dict[SecretStr, int]])
def test_a_secret_without_a_name_of_its_own_is_refused(annotation: Any) -> None:
    model = type("Wrong", (BaseModel,), {"__annotations__": {"a": annotation}})
    with pytest.raises(TypeError, match="a secret must be a field or the value of a mapping"):
        secret_places(model)


def test_only_what_is_given_is_found() -> None:
    options = {"url": "x", "token": "t", "login": {"user": "u"}, "headers": {"A": "a", "B": None}}
    assert dict(find_secrets(options, PLACES)) == {("token",): "t", ("headers", "A"): "a", ("headers", "B"): None}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("token",), True),
        (("headers", "X"), True),
        (("login", "password"), True),
        (("login",), False),
        (("login", "user"), False),
        (("token", "x"), False),
        (("url",), False),
        ((), False),
    ],
)
def test_a_path_is_told_from_what_is_no_secret(path: tuple[str, ...], expected: bool) -> None:
    assert is_place(path, PLACES) is expected


def test_values_are_put_in_and_taken_out_and_the_original_stays() -> None:
    options = {"url": "x", "headers": {"A": "a"}}
    assert with_values(options, {("token",): 1, ("headers", "B"): 2}) == {
        **options,
        "token": 1,
        "headers": {"A": "a", "B": 2},
    }
    assert without(options, {("headers", "A"), ("token",)}) == {"url": "x", "headers": {}}
    assert options == {"url": "x", "headers": {"A": "a"}}


def test_checked_options_hold_their_secrets_hidden() -> None:
    checked = check_options(NAME, {"url": "u", "token": SECRET, "login": {"user": "a", "password": SECRET}})
    assert SECRET not in repr(checked)
    assert checked["token"].get_secret_value() == checked["login"]["password"].get_secret_value() == SECRET


def test_a_secret_that_is_null_is_none() -> None:
    assert check_options(NAME, {"community": None, "headers": {"A": None}}) == {"headers": {}}


@pytest.mark.parametrize("options", [{"token": "*" * 10}, {"headers": {"A": "*" * 10}}, {"url": "*" * 10}])
def test_the_mask_is_no_value(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\*{10} stands for a stored secret"):
        check_options(NAME, options)


@pytest.mark.parametrize(
    "options",
    [
        {"token": "a secret value"},
        {"token": {"a secret value": 1}},
        {"community": "a secret value", "colour": 1},
        {"login": {"password": "a secret value"}},
        {"headers": {"A": ["a secret value"]}},
        {"headers": "a secret value"},
    ],
)
def test_no_error_tells_what_was_given(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not take this") as caught:
        parse_options(NAME, options)
    assert "a secret value" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_nul_in_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="the NUL character is not allowed"):
        check_options(NAME, {"token": "a\0b"})
