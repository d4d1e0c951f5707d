"""The SQL around a dump; what it does is seen in test_restore.py and test_running.py."""

from pathlib import Path

from dashnet.backups.statements import LOADED, begin, finish, swap
from tests.dashnet.backups.archives import write_backup


def test_only_the_very_last_statement_commits(tmp_path: Path) -> None:
    script = begin() + finish(write_backup(tmp_path / "b.zip")) + swap()
    assert script.startswith("BEGIN;")
    assert script.count("COMMIT;") == 1
    assert script.endswith("COMMIT;\n")


def test_each_restored_inventory_is_another_one(tmp_path: Path) -> None:
    manifest = write_backup(tmp_path / "b.zip")
    assert finish(manifest) != finish(manifest)


def test_it_says_when_all_is_loaded(tmp_path: Path) -> None:
    assert finish(write_backup(tmp_path / "b.zip")).endswith(f"SELECT '{LOADED}';\n")
