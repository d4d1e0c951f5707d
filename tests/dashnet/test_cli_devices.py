"""`dashnet devices` and `dashnet secrets` as somebody would type them."""

import base64
import io
import subprocess
import sys
from pathlib import Path

import pytest

from dashnet.cli_devices import _confirm
from dashnet.errors import DashnetError
from tests.servers import DEADLINE_SECONDS


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """`dashnet …` in a process of its own."""
    words = [sys.executable, "-m", "dashnet.cli", *arguments]
    return subprocess.run(words, input=text, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)


def test_an_error_is_words_and_no_traceback(tmp_path: Path) -> None:
    done = run("devices", "apply", str(tmp_path / "missing.yaml"))
    told = f"dashnet: {tmp_path}/missing.yaml cannot be read: No such file or directory\n"
    assert (done.returncode, done.stderr) == (1, told)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("apply", "-"), "standard input is neither .yaml nor .csv: say what it is with --format"),
        (("import", "-", "--format", "yaml"), "standard input:1: the file is empty; nothing was changed"),
        (("import", "-", "--format", "csv"), "there are: host_name"),
    ],
)
def test_what_cannot_be_read_is_told(arguments: tuple[str, ...], words: str) -> None:
    done = run("devices", *arguments)
    assert (done.returncode, done.stdout, words in done.stderr) == (1, "", True)
    assert "Traceback" not in done.stderr


def test_nobody_who_could_say_yes_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(DashnetError, match="repeat it with --yes"):
        _confirm("Remove them?")


def test_a_new_key_is_one() -> None:
    keys = {run("secrets", "new-key").stdout for _ in range(2)}
    assert {len(base64.urlsafe_b64decode(key)) for key in keys} == {32}
    assert len(keys) == 2
