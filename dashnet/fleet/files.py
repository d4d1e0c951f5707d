"""Fleet files on disk or standard input: which format they have, and errors with the file's name."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dashnet.errors import DashnetError, FieldError, InvalidInput
from dashnet.fleet.csv_files import read_csv
from dashnet.fleet.entries import MOST_BYTES, Entry, Fleet, WrongLine, refuse
from dashnet.fleet.formats import FileFormat
from dashnet.fleet.netbox import is_netbox, read_netbox
from dashnet.fleet.tables import decode_table, read_header
from dashnet.fleet.yaml_files import read_yaml

STANDARD_INPUT = Path("-")


_TABLE_READERS = {FileFormat.CSV: read_csv, FileFormat.NETBOX: read_netbox}
_SUFFIXES = {".yaml": FileFormat.YAML, ".yml": FileFormat.YAML, ".csv": FileFormat.CSV}


def name_of(path: Path) -> str:
    """How errors call it."""
    return "standard input" if path == STANDARD_INPUT else str(path)


def read_fleet(path: Path, file_format: FileFormat | None) -> tuple[Fleet, FileFormat]:
    """The devices of a file (`-`: standard input), and its format: by its name, for CSV by its header, unless given.

    Raises:
        InvalidInput: it is wrong; tells the line.
        DashnetError: it cannot be read, is larger than 40 MiB, or nothing tells its format.
    """
    found = file_format or _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise DashnetError(f"{name_of(path)} is neither .yaml nor .csv: say what it is with --format")
    content = _read_content(path)
    if file_format is None:
        found = tell_csv_apart(content, found)
    return parse_fleet(content, name_of(path), found), found


def tell_csv_apart(content: bytes, file_format: FileFormat) -> FileFormat:
    """Of CSV whether it is NetBox's, which its header shows."""
    is_csv = file_format is FileFormat.CSV
    return FileFormat.NETBOX if is_csv and is_netbox(read_header(content)) else file_format


def parse_fleet(
    content: bytes, name: str, file_format: FileFormat, environment: Mapping[str, str] = os.environ
) -> Fleet:
    """The devices of a text, which errors call by `name`.

    Raises:
        InvalidInput: it is wrong; tells the line.
    """
    try:
        if file_format is FileFormat.YAML:
            fleet = read_yaml(_decode(content), environment)
        else:
            text, note = decode_table(content)
            fleet = replace(_TABLE_READERS[file_format](text), notes=[note] if note else [])
    except WrongLine as error:
        where = f"{name}:{error.line}"
        raise InvalidInput(f"{where}: {error.detail}; nothing was changed", [FieldError(where, error.detail)]) from None
    if not fleet.entries:
        told = "".join(f"\n  {one}" for one in (*fleet.notes, *fleet.left_out))
        raise InvalidInput(f"{name} holds no device; nothing was changed{told}")
    return fleet


def _read_content(path: Path) -> bytes:
    try:
        if path == STANDARD_INPUT:
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DashnetError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise DashnetError(f"{name_of(path)} is larger than {MOST_BYTES:,} bytes, the most that is taken at once")
    return content


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WrongLine(line, "this is no UTF-8 text") from None


def locate(name: str, fleet: Fleet, refused: DashnetError) -> DashnetError:
    """What the network service refused, told with the lines of the file; anything else as it is."""
    errors = [_locate_one(name, fleet, error) for error in refused.errors]
    return refuse(name, errors) if errors else refused


def _locate_one(name: str, fleet: Fleet, error: FieldError) -> FieldError:
    index, _, field = error.location.removeprefix("[").partition("]")
    if not index.isdigit() or int(index) >= len(fleet.entries):
        return error
    entry = fleet.entries[int(index)]
    field = field.removeprefix(".")
    line = entry.field_lines.get(field.split(".")[0].split("[")[0], entry.line)
    detail = _name_items(fleet, error.detail)
    return FieldError(f"{name}:{line}", ": ".join(part for part in (_describe(entry), field, detail) if part))


def _describe(entry: Entry) -> str:
    name = entry.fields.get("host_name") or entry.fields.get("mac_address")
    return name if isinstance(name, str) else ""


def _name_items(fleet: Fleet, detail: str) -> str:
    """`item [3] of this list` becomes the line where it stands."""
    before, mark, rest = detail.partition("item [")
    index, _, after = rest.partition("] of this list")
    return f"{before}line {fleet.entries[int(index)].line}{after}" if mark and index.isdigit() else detail
