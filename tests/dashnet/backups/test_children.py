"""Child processes end with the block they run in, and what they said is kept."""

import asyncio
import os
import sys

import pytest

from dashnet.backups.children import run_child
from dashnet.errors import BackupError


async def test_its_last_words_and_its_exit_code_are_kept() -> None:
    command = (sys.executable, "-c", "import sys; print('first\\nlast', file=sys.stderr); sys.exit(7)")
    async with run_child(command, os.environ) as child:
        assert await child.wait() == 7
    assert child.last_words == "first last"


async def test_it_ends_with_the_block() -> None:
    async with run_child(("cat",), os.environ, stdin=asyncio.subprocess.PIPE) as child:
        pass
    assert await child.wait() < 0


async def test_what_is_written_comes_back() -> None:
    pipe = asyncio.subprocess.PIPE
    async with run_child(("cat",), os.environ, stdin=pipe, stdout=pipe) as child:
        await child.write(b"hello")
        child.close_input()
        assert await child.output.read() == b"hello"


async def test_writing_to_one_that_is_gone_raises_nothing() -> None:
    async with run_child(("true",), os.environ, stdin=asyncio.subprocess.PIPE) as child:
        await child.wait()
        await child.write(b"x" * 1_000_000)
        await child.write(b"x" * 1_000_000)


async def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(BackupError, match="/nowhere/pg_dump cannot be started: No such file"):
        async with run_child(("/nowhere/pg_dump",), os.environ):
            pass
