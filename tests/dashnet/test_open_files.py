import resource
import subprocess
import sys

import pytest

LOOK = (
    "import resource; from dashnet.open_files import allow_open_files; "
    "print(allow_open_files(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
)


@pytest.mark.parametrize(("soft", "hard"), [(64, 4096), (64, 1024), (512, 512)])
def test_the_soft_limit_becomes_the_hard_one(soft: int, hard: int) -> None:
    seen = subprocess.run(
        [sys.executable, "-c", LOOK],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
    )
    assert seen.stdout.split() == [str(hard), str(hard)]
    assert ("few sockets" in seen.stderr) == (hard < 4096)
