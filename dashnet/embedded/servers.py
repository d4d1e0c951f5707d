"""Postgres and Redis alone, for tests and tools, by the same code that runs the whole stack."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

from dashnet.embedded.postgres import postgres_url, prepare_postgres
from dashnet.embedded.redis import prepare_redis, redis_url
from dashnet.embedded.stack import claim_folders
from dashnet.embedded.supervisor import Supervisor
from dashnet.settings import Settings

_START_TIMEOUT_SECONDS = 200
_STOP_TIMEOUT_SECONDS = 60


class ServerAddresses(NamedTuple):
    """What `DASHNET_DATABASE_URL` and `DASHNET_REDIS_URL` would be."""

    database_url: str
    redis_url: str


@asynccontextmanager
async def embedded_servers(state_folder: Path) -> AsyncIterator[ServerAddresses]:
    """Run Postgres and Redis, kept alive, until the block ends; their data stay in the folder.

    Preparing them blocks the loop for up to a second at the first start.

    Raises:
        StackError: they cannot start.
    """
    with claim_folders(state_folder) as folders:
        redis_server = Settings(_env_file=None).redis_server
        supervisor = Supervisor(folders, _say_nothing)
        try:
            await supervisor.start(prepare_postgres(folders), prepare_redis(folders, redis_server))
            yield ServerAddresses(postgres_url(folders), redis_url(folders))
        finally:
            await supervisor.stop()


@contextmanager
def embedded_servers_in_thread(state_folder: Path) -> Iterator[ServerAddresses]:
    """The same for code without an event loop: the loop runs in a thread of its own.

    Raises:
        StackError: they cannot start.
    """
    started: Future[tuple[ServerAddresses, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        stopping = asyncio.Event()
        async with embedded_servers(state_folder) as addresses:
            started.set_result((addresses, asyncio.get_running_loop(), stopping))
            await stopping.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    # On Linux the servers live as long as the thread that started them, so it stays until they are stopped.
    thread = threading.Thread(target=run, name="embedded servers", daemon=True)
    thread.start()
    addresses, loop, stopping = started.result(timeout=_START_TIMEOUT_SECONDS)
    try:
        yield addresses
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(_STOP_TIMEOUT_SECONDS)


def _say_nothing(line: str) -> None:
    """Nobody watches these start."""
