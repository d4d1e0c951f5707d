import textwrap
from typing import Any

import pytest
import yaml

from dashnet.fleet import yaml_files
from dashnet.fleet.entries import WrongLine
from dashnet.fleet.yaml_files import read_yaml, write_yaml


def read(text: str, **environment: str) -> list[dict[str, Any]]:
    return [dict(entry.fields) for entry in read_yaml(textwrap.dedent(text), environment).entries]


def test_fields_are_the_text_as_it_is_written() -> None:
    fleet = """
        devices:
        - host_name: no
          mac_address: 10:11:22:33:44:55
          ip_address: 10.0
          device_type: 0x1F
          operating_system: "null"
          tags: [1e3, 2026-11-25, 007, ~]
          parent: null
    """
    assert read(fleet) == [
        {
            "host_name": "no",
            "mac_address": "10:11:22:33:44:55",
            "ip_address": "10.0",
            "device_type": "0x1F",
            "operating_system": "null",
            "tags": ["1e3", "2026-11-25", "007", None],
            "parent": None,
        }
    ]


def test_driver_options_are_values() -> None:
    fleet = """
        devices:
        - driver_options: {a: 1, b: -1.5, c: true, d: null, e: "1", f: on, g: 12:30, h: [x, {y: 0}], i: 1.0e+3, j: 0o7}
    """
    assert read(fleet)[0]["driver_options"] == {
        "a": 1,
        "b": -1.5,
        "c": True,
        "d": None,
        "e": "1",
        "f": "on",
        "g": "12:30",
        "h": ["x", {"y": 0}],
        "i": 1000.0,
        "j": "0o7",
    }


def test_each_field_knows_its_line() -> None:
    (first, second) = read_yaml("# a fleet\ndevices:\n- host_name: a\n  tags:\n  - x\n-\n  host_name: b\n", {}).entries
    assert (first.line, first.field_lines) == (3, {"host_name": 3, "tags": 4})
    assert (second.line, second.field_lines) == (7, {"host_name": 7})


@pytest.mark.parametrize("value", ["${NAS_PASSWORD}", '"${NAS_PASSWORD}"'])
def test_a_variable_stands_for_its_value(value: str) -> None:
    fleet = f"""
        devices:
        - driver_options:
            password: {value}
            text: $${{NAS_PASSWORD}}
            part: a${{NAS_PASSWORD}}
    """
    assert read(fleet, NAS_PASSWORD="123")[0]["driver_options"] == {
        "password": "123",
        "text": "${NAS_PASSWORD}",
        "part": "a${NAS_PASSWORD}",
    }


def test_variables_are_for_driver_options_alone() -> None:
    assert read("devices:\n- host_name: ${HOME}\n  tags: ['${HOME}']", HOME="/x") == [
        {"host_name": "${HOME}", "tags": ["${HOME}"]}
    ]


BOMB = "devices:\n- &a {tags: [x, x]}\n- &b {tags: [*a, *a]}\n"

WRONG = {
    "": (1, "the file is empty"),
    "# only words": (1, "the file is empty"),
    "- host_name: a": (1, "begins with `devices:`"),
    "devices: []\nversion: 1": (1, "holds nothing beside it"),
    "devices: {a: 1}": (1, "holds a list"),
    "devices:\n- a": (2, "a device is a mapping"),
    "devices:\n- host_name: ]": (2, "no YAML"),
    "devices:\n- a: 1\n b: 2": (3, "no YAML"),
    "devices:\n\t- a: 1": (2, "no YAML"),
    "devices:\n- host_name: a\n  host_name: b": (3, "host_name stands here twice, first in line 2"),
    "devices:\n- ? [a]\n  : b": (2, "the name of a field is a text"),
    BOMB: (3, "aliases such as *a are not taken"),
    "devices:\n- host_name: !!python/object/apply:os.system [id]": (2, "tags such as tag:yaml.org,2002:python"),
    "devices:\n- host_name: !x a": (2, "tags such as !x are not taken"),
    "devices: []\n---\ndevices: []": (1, "several documents"),
    "devices: " + "[" * 5_000: (1, "nested more than 20 deep"),
    "devices:\n" + "".join(f"{' ' * depth}- \n" for depth in range(30)): (21, "nested more than 20 deep"),
    "devices: \a": (1, "no YAML"),
    "devices: [{driver_options: {a: ${NO_SUCH}}}]": (1, "no YAML"),
    "devices:\n- driver_options:\n    a: ${NO_SUCH}": (3, "the environment variable NO_SUCH is not set"),
    "devices:\n- driver_options: {a: " + "9" * 21 + "}": (2, "more than 20 digits"),
}


@pytest.mark.parametrize("text", WRONG, ids=[str(number) for number in range(len(WRONG))])
@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_what_is_wrong_is_told_with_its_line(text: str, loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_files, "_LOADER", getattr(yaml, loader))
    line, words = WRONG[text]
    with pytest.raises(WrongLine) as caught:
        read_yaml(text, {})
    assert words in caught.value.detail
    assert caught.value.line == line


def test_no_value_of_a_variable_is_told() -> None:
    with pytest.raises(WrongLine) as caught:
        read_yaml("devices:\n- driver_options: {a: ${SECRET}", {"SECRET": "geheim"})
    assert "geheim" not in caught.value.detail


def test_what_is_written_is_easy_to_read() -> None:
    device = {
        "host_name": "no",
        "mac_address": "10:11:22:33:44:55",
        "ip_address": "10.0.0.1",
        "device_type": "NAS",
        "operating_system": "",
        "driver": "simulated",
        "driver_options": {"profile": "${X}"},
        "tags": ["a", "1"],
        "parent": None,
    }
    text = write_yaml([device, device])
    assert text.startswith(
        "devices:\n- host_name: 'no'\n  mac_address: '10:11:22:33:44:55'\n  ip_address: 10.0.0.1\n  device_type: NAS\n"
        "  operating_system: ''\n  driver: simulated\n  driver_options: {profile: '$${X}'}\n  tags: [a, '1']\n"
        "  parent: null\n"
    )
    assert read(text, X="never") == [device, device]
