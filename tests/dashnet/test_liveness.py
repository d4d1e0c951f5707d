"""Whether a process still answers, asked of real ones."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from redis.asyncio import Redis

from dashnet import liveness
from dashnet.channels import worker_health_key
from dashnet.embedded.servers import ServerAddresses, embedded_servers
from dashnet.liveness import (
    LEAST_SILENT_SECONDS,
    MOST_SILENT_LOOKS,
    Silence,
    look_at_postgres,
    look_at_redis,
    look_at_url,
    look_at_worker,
)
from dashnet.settings import Settings
from tests.ports import free_port
from tests.processes import killed_at_end


class Clock:
    """Seconds that go by only when somebody says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def outcomes(clock: Clock, looks: list[bool | None], seconds_apart: float) -> list[bool]:
    silence = Silence(clock)
    found = []
    for answered in looks:
        found.append(silence.is_hung_after(answered))
        clock.seconds += seconds_apart
    return found


def test_a_process_hangs_after_several_silent_looks_and_some_seconds() -> None:
    assert outcomes(Clock(), [False] * 5, LEAST_SILENT_SECONDS / 3) == [False, False, False, True, True]


def test_looks_that_fail_at_once_are_not_enough() -> None:
    assert not any(outcomes(Clock(), [False] * 100, 0.0))


def test_a_machine_that_stood_still_makes_nobody_hang() -> None:
    assert outcomes(Clock(), [False, False, True], 3600) == [False, False, False]


def test_an_answer_begins_anew_and_not_knowing_counts_for_nothing() -> None:
    looks = [False] * (MOST_SILENT_LOOKS - 1) + [True] + [None] * 50 + [False] * (MOST_SILENT_LOOKS - 1)
    assert not any(outcomes(Clock(), looks, LEAST_SILENT_SECONDS))


def socket_folder(addresses: ServerAddresses) -> Path:
    return Path(parse_qs(urlsplit(addresses.database_url).query)["host"][0])


def test_postgres_and_redis_answer(servers: ServerAddresses) -> None:
    assert look_at_postgres(socket_folder(servers) / ".s.PGSQL.5432")() is True
    assert look_at_redis(Path(urlsplit(servers.redis_url).path))() is True


async def test_stopped_servers_are_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "ANSWER_SECONDS", 0.5)
    async with embedded_servers(tmp_path) as addresses:
        looks = [
            look_at_postgres(socket_folder(addresses) / ".s.PGSQL.5432"),
            look_at_redis(Path(urlsplit(addresses.redis_url).path)),
        ]
        with stopped(*(int((tmp_path / "pids" / name).read_text().split()[0]) for name in ("postgres", "redis"))):
            seen = [await asyncio.to_thread(look) for look in looks]
    assert seen == [False, False]


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_is_not_there_is_silent(tmp_path: Path) -> None:
    assert look_at_redis(tmp_path / "no.sock")() is False
    assert look_at_url(f"http://127.0.0.1:{free_port()}/healthz")() is False


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 503 Service Unavailable\r\n\r\n"])
def test_any_answer_of_a_service_will_do(answer: bytes) -> None:
    program = (
        "import socket, sys; listener = socket.create_server(('127.0.0.1', 0)); "
        "print(listener.getsockname()[1], flush=True); connection, _ = listener.accept(); connection.recv(1000); "
        f"connection.sendall({answer!r})"
    )
    with killed_at_end(subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)) as server:
        assert server.stdout is not None
        assert look_at_url(f"http://127.0.0.1:{int(server.stdout.readline())}/healthz")() is True


def test_a_service_that_takes_connections_and_says_nothing_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert look_at_url(f"http://127.0.0.1:{listener.getsockname()[1]}/healthz")() is False


async def test_a_worker_is_silent_without_its_key_and_unknown_without_redis(settings: Settings, redis: Redis) -> None:
    look = look_at_worker(settings)
    assert await asyncio.to_thread(look) is False
    await redis.set(worker_health_key(settings), "well")
    assert await asyncio.to_thread(look) is True
    nowhere = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}/0"})
    assert await asyncio.to_thread(look_at_worker(nowhere)) is None
