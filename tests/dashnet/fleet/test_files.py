"""Any file at all: a fleet, or words on what is wrong with it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashnet.errors import InvalidInput
from dashnet.fleet.entries import Fleet
from dashnet.fleet.files import parse_fleet, tell_csv_apart
from dashnet.fleet.formats import FileFormat

PIECES = [b"host_name", b"Name", b"IP Address", b"sep=;", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfc", b"\x81", b"\0", b"'="]
CONTENTS = st.lists(st.sampled_from([*PIECES, *(bytes([one]) for one in b',;\t\r\n" a')]) | st.binary(max_size=3)).map(
    b"".join
)


@pytest.mark.parametrize("file_format", [FileFormat.CSV, FileFormat.NETBOX])
@given(content=CONTENTS)
def test_any_bytes_are_devices_or_an_error_of_ours(file_format: FileFormat, content: bytes) -> None:
    with suppress(InvalidInput):
        assert isinstance(parse_fleet(content, "file", file_format), Fleet)


@given(content=CONTENTS)
def test_the_format_of_any_bytes_is_told(content: bytes) -> None:
    assert tell_csv_apart(content, FileFormat.CSV) in (FileFormat.CSV, FileFormat.NETBOX)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_netbox_is_told_by_its_header_however_it_was_saved(encoding: str) -> None:
    content = "sep=;\r\n;;\r\nName;Status;IP Address\r\nBüro;Active;10.0.0.1\r\n".encode(encoding)
    assert tell_csv_apart(content, FileFormat.CSV) is FileFormat.NETBOX
    assert parse_fleet(content, "file", FileFormat.NETBOX).entries[0].fields["host_name"] == "Büro"


def test_a_yaml_file_is_utf_8() -> None:
    with pytest.raises(InvalidInput, match="file:2: this is no UTF-8 text"):
        parse_fleet(b"devices:\n- host_name: B\xfcro\n", "file", FileFormat.YAML)
