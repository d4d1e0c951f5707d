"""A backup's file is whole or it is none, and what is no backup is told in a word."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from dashnet.backups.archive import CHUNK_BYTES, Backup, Manifest, new_file, open_backup
from dashnet.errors import BackupError
from tests.dashnet.backups.archives import DUMP, change_dump, change_manifest, write_backup


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a backup goes; its folder holds nothing else."""
    return tmp_path / "a backup.zip"


def test_what_was_written_is_read_again(path: Path) -> None:
    manifest = write_backup(path)
    with open_backup(path) as backup:
        assert (backup.manifest, b"".join(backup.chunks())) == (manifest, DUMP)
    assert (manifest.device_count, manifest.snapshot_count) == (2, 20)


def test_only_its_owner_may_read_it(path: Path) -> None:
    write_backup(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_replaced(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(BackupError, match=r"there is a file .* already; --force replaces it"):
        write_backup(path)
    assert path.read_text() == "precious"


def test_a_file_that_came_meanwhile_is_not_replaced(path: Path) -> None:
    with pytest.raises(BackupError, match="by now; --force"), new_file(path, replace=False) as file:
        file.write(b"ours")
        path.write_text("precious")
    assert [found.read_text() for found in path.parent.iterdir()] == ["precious"]


def test_with_force_the_old_one_stays_until_the_new_one_is_whole(path: Path) -> None:
    path.write_text("old")
    with new_file(path, replace=True) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_backup_that_fails_leaves_no_file(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_file(path, replace=False) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words"), [("-", "is no file name"), (".", "is no file name"), ("nowhere/file.zip", "there is no folder")]
)
def test_a_place_that_takes_no_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BackupError, match=words):
        write_backup(Path(name))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def cut_in_the_dump(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)


def replace_the_dump(path: Path) -> None:
    with open_backup(path) as backup:
        size_bytes = backup.manifest.dump_size_bytes
        sha256 = backup.manifest.dump_sha256
    change_dump(path, b"x" * size_bytes)
    change_manifest(path, dump_sha256=sha256)


def garble_the_manifest(path: Path) -> None:
    change_manifest(path, row_counts={"network.device; DROP TABLE x": 1})


def forget_a_table(path: Path) -> None:
    change_manifest(path, row_counts={"network.device": 2})


def make_format_to_come(path: Path) -> None:
    change_manifest(path, format_version=2, dashnet_version="9.0", row_counts=None)


def make_other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.txt", "sea")


def make_zip_of_other_manifest(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", orjson.dumps(["something", "else"]))


def make_text(path: Path) -> None:
    path.write_text("a letter\n" * 100)


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut, "cut off or garbled"),
        (cut_in_the_dump, "cut off or garbled"),
        (flip_a_byte, "cut off or garbled"),
        (replace_the_dump, "is garbled"),
        (garble_the_manifest, "manifest of .* is garbled"),
        (forget_a_table, "says nothing of store.snapshot"),
        (make_format_to_come, r"made by a newer Dashnet \(9.0\): upgrade first"),
        (make_other_zip, "a zip, but not a Dashnet backup"),
        (make_zip_of_other_manifest, "a zip, but not a Dashnet backup"),
        (make_text, "is not a Dashnet backup"),
        (make_empty, "is not a Dashnet backup"),
        (remove, "cannot be read: No such file"),
    ],
)
def test_what_is_no_whole_backup_is_told(path: Path, spoil: Callable[[Path], None], words: str) -> None:
    write_backup(path)
    spoil(path)
    with pytest.raises(BackupError, match=words), open_backup(path):
        pass


def test_a_manifest_is_plain_json(path: Path) -> None:
    manifest = write_backup(path)
    with zipfile.ZipFile(path) as archive:
        assert Manifest.model_validate_json(archive.read("manifest.json")) == manifest


def test_a_dump_that_unpacks_to_more_than_was_said_is_not_unpacked_to_its_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gibibyte of zeros is a mebibyte of zip."""
    write_backup(path)
    change_dump(path, bytes(16 * CHUNK_BYTES))
    change_manifest(path, dump_size_bytes=10)
    unpacked: list[int] = []
    whole = Backup.chunks

    def count(backup: Backup) -> Iterator[bytes]:
        for chunk in whole(backup):
            unpacked.append(len(chunk))
            yield chunk

    monkeypatch.setattr(Backup, "chunks", count)
    with pytest.raises(BackupError, match="garbled"), open_backup(path):
        pass
    assert len(unpacked) == 1
