"""What the tests of the embedded stack share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashnet.embedded.stand_ins import running_stack


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a short path which every user may enter."""
    # Servers that were killed at once may still be writing when the test is over.
    with tempfile.TemporaryDirectory(prefix="dashnet-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def state_folder(open_folder: Path) -> Path:
    """A state folder that does not exist yet."""
    return open_folder / "state"


@pytest.fixture(scope="module")
def shared_stack() -> Iterator[Path]:
    """The state folder of one running stack with stand-ins, for tests that do not stop it."""
    with tempfile.TemporaryDirectory(prefix="dashnet-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        with running_stack(Path(name) / "state"):
            yield Path(name) / "state"
