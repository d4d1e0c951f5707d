"""What both services count of their HTTP requests, and the page where Prometheus reads it."""

import time

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REQUESTS = Counter("dashnet_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
_SECONDS = Histogram("dashnet_http_request_duration_seconds", "Time to the end of the answer", ["route"])


def metrics_page() -> Response:
    """All metrics of this process as Prometheus text."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


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
