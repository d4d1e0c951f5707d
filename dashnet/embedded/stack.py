"""The whole embedded stack: Postgres, Redis, and the three processes of Dashnet on top."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from dashnet.embedded.folders import StateFolders, create_folders, empty_folder
from dashnet.embedded.leftovers import stop_leftovers
from dashnet.embedded.lock import hold_lock
from dashnet.embedded.ports import check_ports
from dashnet.embedded.postgres import postgres_url, prepare_postgres
from dashnet.embedded.redis import prepare_redis, redis_url
from dashnet.embedded.secret_key import with_secret_key
from dashnet.embedded.services import ServiceSpecs, service_specs, stack_environment
from dashnet.embedded.specs import ProcessSpec
from dashnet.embedded.supervisor import Supervisor
from dashnet.errors import StackError
from dashnet.settings import PROJECT_ROOT, Settings, describe_wrong_settings

SpecsMaker = Callable[[StateFolders, Settings], ServiceSpecs]


@contextmanager
def claim_folders(state_folder: Path) -> Iterator[StateFolders]:
    """The state folder for ourselves alone, with nothing left running from a supervisor that was killed.

    Raises:
        StackError: the folder cannot be used, or a stack already runs on it.
    """
    folders = create_folders(state_folder)
    with hold_lock(folders.lock):
        folders.stack_env.unlink(missing_ok=True)
        stop_leftovers(folders)
        empty_folder(folders.metrics)
        yield folders


def read_settings() -> Settings:
    """The settings of a stack that is about to start; no stack.env is read, it would be that of another one.

    Raises:
        StackError: a setting is wrong; the text names it, and not its value.
    """
    try:
        return Settings(_env_file=PROJECT_ROOT / ".env")
    except ValidationError as error:
        raise StackError(f"A setting (environment or .env) is wrong: {describe_wrong_settings(error)}") from error


def run_stack(state_folder: Path, say: Callable[[str], None], services: SpecsMaker = service_specs) -> None:
    """Start everything, keep it alive, and stop it on SIGINT, SIGTERM or SIGHUP; a second signal kills at once.

    Raises:
        StackError: it cannot start; whatever was started is stopped again.
    """
    with claim_folders(state_folder) as folders:
        addresses = {"database_url": postgres_url(folders), "redis_url": redis_url(folders)}
        settings = with_secret_key(folders, read_settings().model_copy(update=addresses))
        check_ports(settings)
        say(f"Starting the embedded stack; state and logs are in {folders.root}")
        servers = (prepare_postgres(folders), prepare_redis(folders, settings.redis_server))
        asyncio.run(_run(folders, settings, servers, services(folders, settings), say))


async def _run(
    folders: StateFolders,
    settings: Settings,
    servers: tuple[ProcessSpec, ...],
    services: ServiceSpecs,
    say: Callable[[str], None],
) -> None:
    supervisor = Supervisor(folders, say)
    running = asyncio.create_task(_start_and_watch(supervisor, folders, settings, servers, services, say))
    signals = _watch_signals(supervisor, running, say)
    try:
        with suppress(asyncio.CancelledError):
            await running
    finally:
        folders.stack_env.unlink(missing_ok=True)
        await supervisor.stop()
        for number in signals:
            asyncio.get_running_loop().remove_signal_handler(number)
    say("All is stopped.")


async def _start_and_watch(
    supervisor: Supervisor,
    folders: StateFolders,
    settings: Settings,
    servers: tuple[ProcessSpec, ...],
    services: ServiceSpecs,
    say: Callable[[str], None],
) -> None:
    for server in servers:
        await supervisor.start(server)
    _write_stack_env(folders, settings)
    await supervisor.start(services.network)
    await supervisor.start(*services.others)
    say(_describe(folders, settings))
    await supervisor.wait()


def _watch_signals(
    supervisor: Supervisor, running: "asyncio.Task[None]", say: Callable[[str], None]
) -> tuple[signal.Signals, ...]:
    """The first signal ends `running`, the next one kills all."""
    loop = asyncio.get_running_loop()
    is_stopping = False

    def stop(number: signal.Signals) -> None:
        nonlocal is_stopping
        if is_stopping:
            say("Killing all at once")
            supervisor.kill()
            return
        is_stopping = True
        say(f"Stopping ({number.name}; once more kills at once)")
        running.cancel()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, stop, number)
    return signals


def _write_stack_env(folders: StateFolders, settings: Settings) -> None:
    """Whole or not at all, for readers that come at any moment."""
    lines = [f"{name}='{value}'\n" for name, value in stack_environment(settings).items()]
    unfinished = folders.stack_env.with_suffix(".unfinished")
    unfinished.write_text("".join(lines))
    unfinished.replace(folders.stack_env)


def _describe(folders: StateFolders, settings: Settings) -> str:
    bound = settings.model_copy(update={"network_url": None, "app_url": None})
    app, network = bound.app_address, bound.network_address
    live = app.replace("http://", "ws://", 1)
    return f"""
Dashnet is ready.
  screen and API    {app}/  (OpenAPI: {app}/docs)
  network service   {network}/docs
  websockets        {live}/live  (the protocol of 2020: {live}/)
  data              {folders.root}
  logs              {folders.logs}
Ctrl-C stops all; `make down` does so from elsewhere.
"""
