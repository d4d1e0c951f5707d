from typing import Any

import pytest

from dashnet.fleet.csv_files import read_csv, write_csv
from dashnet.fleet.entries import FIELDS, WrongLine

DEVICE: dict[str, Any] = {
    "host_name": "nas",
    "mac_address": "02:00:00:00:00:01",
    "ip_address": "10.0.0.1",
    "device_type": "NAS",
    "operating_system": "",
    "driver": "simulated",
    "driver_options": {"seed": 1},
    "tags": ["a", 'b, "c"'],
    "parent": None,
}


def test_what_is_written_is_read_as_the_same() -> None:
    devices = [DEVICE, DEVICE | {"parent": "router", "driver_options": {}, "tags": []}]
    assert [entry.fields for entry in read_csv(write_csv(devices)).entries] == devices


@pytest.mark.parametrize("name", ["=1+1", "+1", "-a", "@a", "'", "''", "'=a", "'a", "a", "a;=b", "\r=c"])
def test_no_spreadsheet_takes_a_name_for_a_formula(name: str) -> None:
    text = write_csv([DEVICE | {"host_name": name}])
    assert text.split("\r\n")[1].strip('"')[0] not in "=+-@"
    assert read_csv(text).entries[0].fields["host_name"] == name


def test_an_empty_cell_is_an_empty_field_unless_that_cannot_be() -> None:
    (entry,) = read_csv("host_name,device_type,driver,tags,parent,operating_system,driver_options\nnas,,,,,,\n").entries
    assert entry.fields == {
        "host_name": "nas",
        "tags": [],
        "parent": None,
        "operating_system": "",
        "driver_options": {},
    }


def test_a_column_that_is_missing_leaves_the_field_out() -> None:
    assert read_csv("mac_address\n02-00-00-00-00-01\n").entries[0].fields == {"mac_address": "02-00-00-00-00-01"}


def test_semicolons_of_other_countries_are_taken() -> None:
    assert read_csv("host_name;tags\nnas;a,b\n").entries[0].fields == {"host_name": "nas", "tags": ["a", "b"]}


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = 'host_name,tags\n\n"a\nb",x\nc,\n'
    assert [entry.line for entry in read_csv(text).entries] == [3, 5]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "there are: host_name"),
        ("host_name,colour\n", 1, "there is no column 'colour'; there are: host_name, mac_address"),
        ("host_name,host_name\n", 1, "the column host_name is there twice"),
        ("host_name,Host Name\n", 1, "the column host_name is there twice"),
        ("host_name\na\nb,c\n", 3, "2 cells, where the header has 1"),
        ('host_name\n"a\n', 2, "no CSV"),
        ('host_name,tags\na,"""b"\n', 2, "tags are words separated by commas"),
        ("host_name,driver_options\na,{x}\n", 2, "driver_options is no JSON object"),
        ("host_name\n" + "a" * 140_000, 2, "no CSV: field larger than field limit"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(WrongLine) as caught:
        read_csv(text)
    assert words in caught.value.detail
    assert caught.value.line == line


def test_the_columns_are_those_of_an_export() -> None:
    assert write_csv([]) == "\ufeff" + ",".join(FIELDS) + "\r\n"


def test_the_header_is_taken_as_a_spreadsheet_spells_it() -> None:
    text = "Host_Name , MAC Address,IP-Address,,\nnas,02:00:00:00:00:01,10.0.0.1,,\n,,,,\n"
    (entry,) = read_csv(text).entries
    assert entry.fields == {"host_name": "nas", "mac_address": "02:00:00:00:00:01", "ip_address": "10.0.0.1"}


def test_a_row_may_end_early() -> None:
    (entry,) = read_csv("host_name,tags,parent\nnas,a\n").entries
    assert entry.fields == {"host_name": "nas", "tags": ["a"], "parent": None}
