from pathlib import Path

import pytest

from dashnet.embedded.folders import create_folders
from dashnet.embedded.secret_key import with_secret_key
from dashnet.embedded.services import stack_environment
from dashnet.errors import StackError
from services.network.secret_keys import read_secret_keys
from tests.conftest import make_settings


def test_a_first_start_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    folders = create_folders(tmp_path)
    settings = with_secret_key(folders, make_settings())
    assert settings.secret_key_file == folders.secret_key
    assert folders.secret_key.stat().st_mode & 0o777 == 0o600
    assert read_secret_keys(settings).fault is None


def test_a_later_start_keeps_the_key(tmp_path: Path) -> None:
    folders = create_folders(tmp_path)
    token = read_secret_keys(with_secret_key(folders, make_settings())).encrypt("a")
    assert read_secret_keys(with_secret_key(folders, make_settings())).decrypt(token) == "a"


@pytest.mark.parametrize("name", ["secret_key", "secret_key_file"])
def test_a_key_of_the_settings_is_left_alone(tmp_path: Path, name: str) -> None:
    folders = create_folders(tmp_path)
    settings = make_settings(**{name: "elsewhere"})
    assert with_secret_key(folders, settings) is settings
    assert not folders.secret_key.exists()


def test_a_key_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folders = create_folders(tmp_path)
    folders.secret_key.with_suffix(".unfinished").mkdir()
    with pytest.raises(StackError, match=r"key for secrets cannot be written to .*secret\.key"):
        with_secret_key(folders, make_settings())


def test_processes_beside_the_stack_find_the_file_and_no_key_stands_in_their_environment(tmp_path: Path) -> None:
    settings = with_secret_key(create_folders(tmp_path), make_settings())
    assert stack_environment(settings)["DASHNET_SECRET_KEY_FILE"] == str(tmp_path / "secret.key")
    assert "DASHNET_SECRET_KEY" not in stack_environment(make_settings(secret_key="s"))
