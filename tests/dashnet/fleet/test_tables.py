"""Tables as Excel, LibreOffice and Numbers save them."""

from collections.abc import Sequence

import pytest

from dashnet.fleet.entries import WrongLine
from dashnet.fleet.tables import decode_table, normalize_name, read_header, read_table

ROWS = [(2, ["nas", "Büro"]), (3, ["pc", ""])]


def read(text: str) -> list[tuple[int, Sequence[str]]]:
    return list(read_table(text).rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_without_a_note(encoding: str) -> None:
    assert decode_table("name\nBüro €\n".encode(encoding)) == ("name\nBüro €\n", None)


def test_excels_plain_csv_is_read_with_a_note_that_shows_a_line() -> None:
    text, note = decode_table("name;tags\r\nnas;Büro €\r\n".encode("cp1252"))
    assert text == "name;tags\r\nnas;Büro €\r\n"
    assert note is not None
    assert "Windows-1252" in note
    assert "line 2 reads “nas;Büro €”" in note


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a\nBüro\n".encode() + b"\xfc", 3),
        (b"PK\x03\x04\0\0\xff", 1),
        (b"a\n\x81", 2),
        ("a".encode("utf-16") + b"\0", 1),
    ],
)
def test_no_text_is_refused_with_its_line(content: bytes, line: int) -> None:
    """Broken UTF-8 is no Windows-1252, a workbook is no text, and some bytes stand for no letter."""
    with pytest.raises(WrongLine, match="CSV UTF-8") as caught:
        decode_table(content)
    assert caught.value.line == line


@pytest.mark.parametrize("text", ["host_name,tags\nnas,Büro\npc,\n", "host_name;tags\rnas;Büro\rpc;\r"])
def test_lines_end_and_are_cut_as_any_program_does_it(text: str) -> None:
    assert read(text) == ROWS


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=;;", "\ufeffsep=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_excels_word_on_the_separator_is_taken(first: str, end: str) -> None:
    rows = read(f"{first}{end}host,name;tags{end}nas;Büro{end}pc;{end}")
    assert rows == [(line + 1, cells) for line, cells in ROWS]


@pytest.mark.parametrize(("separator", "word"), [("\t", "sep=\t"), ("|", "sep=|"), (",", "sep=,")])
def test_any_separator_may_be_given(separator: str, word: str) -> None:
    table = read_table(f"{word}\nhost_name{separator}tags\n")
    assert (table.line, table.header) == (2, ["host_name", "tags"])


@pytest.mark.parametrize(
    "text",
    [
        "host_name,tags,,,\nnas,Büro,,,\npc,,,,\n,,,,\n , ,\u00a0,,\n",
        "host_name,tags\nnas,Büro,,\npc,,,,,\n\n",
        "host_name,tags,,\nnas,Büro\npc\n,,,\n",
        "host_name, ,tags\nnas,,Büro\npc,,\n",
        "host_name\ttags\t\t\nnas\tBüro\t\t\npc\t\t\t\n",
    ],
)
def test_empty_columns_and_rows_are_left_out_and_missing_cells_are_empty(text: str) -> None:
    assert read(text) == ROWS


def test_blank_lines_above_the_header_are_counted_and_cut_nothing_wrong() -> None:
    table = read_table(";;\n\nhost_name;tags\nnas;a,b\n")
    assert (table.line, list(table.rows)) == (3, [(4, ["nas", "a,b"])])


def test_a_comma_in_a_quoted_name_separates_nothing() -> None:
    assert read_table('"a,b,c";d\n').header == ["a,b,c", "d"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("host_name,,tags\nnas,x,\n", "cell 2 is filled, but its column has no name"),
        ("host_name,tags,,\nnas,,,x\n", "4 cells, where the header has 2"),
    ],
)
def test_a_filled_cell_without_a_name_is_refused(text: str, words: str) -> None:
    with pytest.raises(WrongLine, match=words) as caught:
        read(text)
    assert caught.value.line == 2


@pytest.mark.parametrize("name", ["Host_Name ", " HOST NAME", "host-name", "\u00a0Host  name", "'host_name'"])
def test_names_of_columns_are_compared_without_case_and_spaces(name: str) -> None:
    assert normalize_name(name) == "host_name"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_header_is_found_in_any_encoding(encoding: str) -> None:
    assert read_header('sep=;\n\nname;"Büro"\n'.encode(encoding))[0] == "name"


def test_a_file_that_is_no_table_has_no_header() -> None:
    assert read_header(b'"a') == []
