"""What both services count of their HTTP requests, and the page where Prometheus reads it.

Where `PROMETHEUS_MULTIPROC_DIR` names a folder, the processes of a service keep what they count there, and the page
is of all of them, whichever is asked. prometheus_client reads that variable when it is imported, so it belongs into
the environment of the process. Gauges need a `multiprocess_mode` that begins with `live`.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

import psutil
from fastapi import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REQUESTS = Counter("dashnet_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
_SECONDS = Histogram("dashnet_http_request_duration_seconds", "Time to the end of the answer", ["route"])


def metrics_page() -> Response:
    """All metrics as Prometheus text: of this process, or of all processes that share a folder."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    registry = _collect_from(Path(folder)) if folder is not None else REGISTRY
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _collect_from(folder: Path) -> CollectorRegistry:
    _forget_dead_processes(folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]  # prometheus_client types only a part
    return registry


def _forget_dead_processes(folder: Path) -> None:
    """Remove the gauges of processes that have ended; what they counted stays, because counters never fall."""
    # uvicorn tells nobody that it replaced a worker.
    for pid in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*_*.db")}:
        if not psutil.pid_exists(pid):
            # Another process that is asked at the same moment removes the same files.
            with suppress(FileNotFoundError):
                mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]  # as above


class CountRequests:
    """ASGI middleware: count requests and their time by route template, never by address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 500

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            _REQUESTS.labels(scope["method"], route, status).inc()
            _SECONDS.labels(route).observe(time.monotonic() - started)
