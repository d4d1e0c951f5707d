"""Whether a running process still answers; asked by the embedded stack's supervisor and by the containers' watchdog.

A process that hangs (stopped, deadlocked, out of its mind) does not end, so nothing that waits for its end starts it
again. Standard library only, but for the worker's health key: the watchdog stays small beside what it watches.
"""

import http.client
import socket
import struct
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from dashnet.settings import Settings

# True: it answers. False: it is silent. None: nobody can say, because something between us and it is silent.
Look = Callable[[], bool | None]

LOOK_EVERY_SECONDS = 2.0
ANSWER_SECONDS = 4.0
# Both must have gone by: looks, because a machine that stood still ages nobody; time, because some looks fail at once.
MOST_SILENT_LOOKS = 4
LEAST_SILENT_SECONDS = 16.0

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


class Silence:
    """Counts how long a process has been silent, look after look."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._looks = 0
        self._since = 0.0

    def is_hung_after(self, answered: bool | None) -> bool:
        """Take the result of one look; return whether the process is to be given up."""
        if answered:
            self._looks = 0
        elif answered is False:
            if self._looks == 0:
                self._since = self._now()
            self._looks += 1
        return self._looks >= MOST_SILENT_LOOKS and self._now() - self._since >= LEAST_SILENT_SECONDS


def look_at_url(url: str) -> Look:
    """Look whether a service answers a GET of this http:// address, with any status."""
    parts = urlsplit(url)

    def look() -> bool:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
        with closing(connection):
            try:
                connection.request("GET", parts.path or "/")
                return connection.getresponse().status > 0
            except (OSError, http.client.HTTPException):
                return False

    return look


def look_at_postgres(socket_path: Path) -> Look:
    """Look whether Postgres answers the question for TLS, which it does before it asks who we are."""
    return _look_at_socket(socket_path, _SSL_REQUEST)


def look_at_redis(socket_path: Path) -> Look:
    """Look whether Redis answers a PING, also by an error (loading, out of memory)."""
    return _look_at_socket(socket_path, b"PING\r\n")


def _look_at_socket(path: Path, question: bytes) -> Look:
    def look() -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(ANSWER_SECONDS)
                connection.connect(str(path))
                connection.sendall(question)
                return connection.recv(1) != b""
        except OSError:
            return False

    return look


def look_at_worker(settings: "Settings") -> Look:
    """Look whether the worker of these settings renews its health key; null while Redis does not answer."""
    from redis import Redis
    from redis.exceptions import RedisError

    from dashnet.channels import worker_health_key

    client: Redis = Redis.from_url(
        settings.redis_url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS
    )

    def look() -> bool | None:
        try:
            return bool(client.exists(worker_health_key(settings)))
        except (RedisError, OSError):
            return None

    return look
