from typing import Any

import pytest
from pydantic import ValidationError

from services.network.drivers.snmp.options import SnmpOptions

KEYS = {"auth_key": "sign-password", "priv_key": "crypt-password"}


@pytest.mark.parametrize(
    "options",
    [
        {"community": "public"},
        {"version": "2c", "community": "public", "port": 1161, "timeout_seconds": 0.5, "retries": 0},
        {"version": "1", "community": "public"},
        {"version": "3", "user": "anna"},
        {"version": "3", "user": "anna", "auth_key": "sign-password"},
        {"version": "3", "user": "anna", "auth_protocol": "SHA512", "priv_protocol": "AES256C", **KEYS},
        {"community": "public", "interfaces": ["eth0", "ge-*"], "interface_aliases": ["uplink*"], "busiest": 4},
        {"community": "public", "interface_types": [6, 161]},
    ],
)
def test_these_are_taken(options: dict[str, Any]) -> None:
    assert SnmpOptions.model_validate(options).version == options.get("version", "2c")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({}, 'version 2c needs a community; for SNMPv3 say "version": "3" and a user'),
        ({"version": "2c", "user": "anna", "community": "public"}, 'user: only for SNMPv3; say "version": "3"'),
        ({"version": "3"}, "version 3 needs a user"),
        ({"version": "3", "user": "anna", "community": "public"}, "version 3 has no community"),
        ({"version": "3", "user": "anna", "priv_key": "crypt-password"}, "priv_key needs an auth_key"),
        ({"version": "3", "user": "anna", "auth_key": "short"}, "at least 8 items"),
        ({"version": "1"}, "version 1 needs a community"),
        ({"version": "2", "community": "public"}, "'1', '2c' or '3'"),
        ({"version": "3", "user": "anna", "auth_protocol": "MD5", **KEYS}, "'SHA1', 'SHA224', 'SHA256'"),
        ({"version": "3", "user": "anna", "priv_protocol": "DES", **KEYS}, "'AES128', 'AES192', 'AES256'"),
        ({"community": "public", "port": 0}, "greater than or equal to 1"),
        ({"community": "public", "interfaces": []}, "at least 1 item"),
        ({"community": "public", "busiest": 0}, "greater than or equal to 1"),
        ({"community": "public", "comunity": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_these_are_refused_with_a_word_on_what_to_do(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SnmpOptions.model_validate(options)
    assert fault in str(caught.value)


def test_no_secret_is_shown() -> None:
    options = SnmpOptions.model_validate({"version": "3", "user": "anna", **KEYS})
    assert "password" not in f"{options!r} {options}"


def test_the_schema_marks_secrets_as_such() -> None:
    properties = SnmpOptions.model_json_schema()["properties"]
    secrets = [name for name, schema in properties.items() if "writeOnly" in str(schema)]
    assert secrets == ["community", "auth_key", "priv_key"]
