"""One compose stack for all tests of this folder; without an engine they skip."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.containers.stack import Stack
from tests.ports import free_port


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The stack, built and up; its containers and volumes are removed at the end."""
    fault = _missing()
    if fault:
        pytest.skip(fault)
    reach = shlex.split(os.environ.get("DASHNET_TEST_REACH", ""))
    stack = Stack(f"dashnet-test-{os.getpid()}", free_port(), free_port(), reach)
    try:
        stack.compose("up", "--build", "--detach", "--wait")
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "5", check=False)


def _missing() -> str | None:
    if shutil.which("docker") is None:
        return "there is no docker command on this machine"
    for command in (("docker", "info"), ("docker", "compose", "version")):
        if subprocess.run(command, capture_output=True, timeout=60).returncode != 0:
            return f"{' '.join(command)} fails: no Docker engine answers, or it has no Compose"
    return None
