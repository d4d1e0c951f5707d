"""The file of a backup: a zip with pg_dump's own archive and a manifest that tells what must be in it."""

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeInt, StringConstraints, ValidationError

from dashnet.errors import BackupError

SCHEMAS = ("network", "store")
FORMAT: Literal["dashnet-backup"] = "dashnet-backup"
FORMAT_VERSION = 1
CHUNK_BYTES = 1024 * 1024

_DUMP = "dashnet.dump"
_MANIFEST = "manifest.json"
_MANIFEST_MOST_BYTES = 1024 * 1024
_ZIP_BEGINS = b"PK\x03\x04"

Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_]{1,64}$")]
# They become SQL.
TableName = Annotated[str, StringConstraints(pattern=r"^(network|store)\.[a-z_][a-z0-9_]{0,62}$")]


class Manifest(BaseModel):
    """What is in a backup; `row_counts` are of the same instant as the dump, partitions counted in their table."""

    model_config = ConfigDict(frozen=True)

    format: Literal["dashnet-backup"] = FORMAT
    format_version: int = FORMAT_VERSION
    dashnet_version: str
    postgres_version: str
    made_at: AwareDatetime
    versions: Mapping[Literal["network", "store"], Version]
    row_counts: Mapping[TableName, NonNegativeInt]
    dump_sha256: str
    dump_size_bytes: NonNegativeInt

    @property
    def device_count(self) -> int:
        """Devices in the inventory."""
        return self.row_counts["network.device"]

    @property
    def snapshot_count(self) -> int:
        """Snapshots in the store."""
        return self.row_counts["store.snapshot"]


class DumpWriter:
    """Takes the dump piece by piece and knows its checksum and size."""

    def __init__(self, member: IO[bytes]) -> None:
        self._member = member
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Of all that was written, in hexadecimal digits."""
        return self._digest.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Add a piece."""
        self._member.write(chunk)
        self._digest.update(chunk)
        self.size_bytes += len(chunk)


@contextmanager
def new_file(path: Path, *, replace: bool) -> Iterator[IO[bytes]]:
    """A file of mode 0600 that stands under its name only once the block ended well and all is on disk.

    Raises:
        BackupError: there is such a file and it shall not be replaced, or the system refused.
    """
    check_target(path, replace=replace)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        partial = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _give_name(partial, path, replace=replace)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror or error}. Nothing was made") from error


def check_target(path: Path, *, replace: bool) -> None:
    """Refuse early what would fail after all the work.

    Raises:
        BackupError: there is such a file and it shall not be replaced, or there is no such folder.
    """
    if path.name in ("", "-") or path.is_dir():
        raise BackupError(f"{path} is no file name; give one, such as dashnet-backup.zip")
    if not path.parent.is_dir():
        raise BackupError(f"there is no folder {path.parent}; make it first")
    if path.exists() and not path.is_file():
        raise BackupError(f"{path} is no ordinary file")
    if path.exists() and not replace:
        raise BackupError(f"there is a file {path} already; --force replaces it")


def _give_name(partial: Path, path: Path, *, replace: bool) -> None:
    if replace:
        partial.replace(path)
    else:
        # Unlike a rename it never replaces what another backup made meanwhile.
        try:
            path.hardlink_to(partial)
        except FileExistsError:
            raise BackupError(f"there is a file {path} by now; --force replaces it") from None
        except OSError:
            # A file system without hard links.
            check_target(path, replace=False)
            partial.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    # Some network file systems cannot do this for a folder.
    with suppress(OSError):
        os.fsync(folder)
    os.close(folder)


@contextmanager
def new_archive(path: Path, *, replace: bool) -> Iterator[zipfile.ZipFile]:
    """An archive that stands under its name only once the block ended well.

    Raises:
        BackupError: as `new_file`.
    """
    # Stored, not deflated: pg_dump's own archive is compressed.
    with new_file(path, replace=replace) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        yield archive


@contextmanager
def open_dump(archive: zipfile.ZipFile) -> Iterator[DumpWriter]:
    """Where the dump goes, piece by piece."""
    with archive.open(_DUMP, "w", force_zip64=True) as member:
        yield DumpWriter(member)


def put_manifest(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """The archive's last member."""
    archive.writestr(_MANIFEST, orjson.dumps(manifest.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is whole."""

    manifest: Manifest
    archive: zipfile.ZipFile

    def chunks(self) -> Iterator[bytes]:
        """The dump, piece by piece."""
        with self.archive.open(_DUMP) as member:
            while chunk := member.read(CHUNK_BYTES):
                yield chunk


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Open a backup and check all of it.

    Raises:
        BackupError: it is none, or cut off, or garbled, or of a format to come.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        is_zip = file.read(len(_ZIP_BEGINS)) == _ZIP_BEGINS
        try:
            archive = zipfile.ZipFile(file)
            backup = Backup(_read_manifest(path, archive), archive)
            _check_dump(path, backup)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, KeyError, ValueError) as error:
            reason = "is cut off or garbled" if is_zip else "is not a Dashnet backup"
            raise BackupError(f"{path} {reason}; nothing was changed") from error
        yield backup


def _read_manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    if _MANIFEST not in archive.namelist() or archive.getinfo(_MANIFEST).file_size > _MANIFEST_MOST_BYTES:
        raise BackupError(f"{path} is a zip, but not a Dashnet backup; nothing was changed")
    fields = orjson.loads(archive.read(_MANIFEST))
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise BackupError(f"{path} is a zip, but not a Dashnet backup; nothing was changed")
    made_by, version = fields.get("dashnet_version"), fields.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise BackupError(f"{path} was made by a newer Dashnet ({made_by}): upgrade first; nothing was changed")
    try:
        manifest = Manifest.model_validate(fields)
    except ValidationError as error:
        raise BackupError(f"the manifest of {path} is garbled; nothing was changed") from error
    missing = {"network.device", "store.snapshot"} - set(manifest.row_counts) | set(SCHEMAS) - set(manifest.versions)
    if missing:
        raise BackupError(f"the manifest of {path} says nothing of {', '.join(sorted(missing))}; nothing was changed")
    return manifest


def _check_dump(path: Path, backup: Backup) -> None:
    digest = hashlib.sha256()
    size_bytes = 0
    for chunk in backup.chunks():
        digest.update(chunk)
        size_bytes += len(chunk)
        if size_bytes > backup.manifest.dump_size_bytes:
            break  # a few bytes of zip may unpack to any number of them
    if (digest.hexdigest(), size_bytes) != (backup.manifest.dump_sha256, backup.manifest.dump_size_bytes):
        raise BackupError(f"{path} is garbled: its dump is not the one that was written; nothing was changed")
