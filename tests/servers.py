"""Our services inside a test: a real uvicorn on a real socket, and waiting without sleeping."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

# No test is faster for a shorter one; a busy machine needs it.
DEADLINE_SECONDS = 30.0
OUR_HTTP = "dashnet.bounded_http:BoundedHttpProtocol"
OUR_PROTOCOL = "services.app.websocket_protocol:FeedWebSocketProtocol"
_POLL_SECONDS = 0.02
_Found = TypeVar("_Found")


@asynccontextmanager
async def run_server(
    app: ASGIApp, port: int, ws: str | type[asyncio.Protocol] = OUR_PROTOCOL, **options: Any
) -> AsyncIterator[None]:
    """Serve `app` until the block ends, as `uvicorn` would with these options."""
    options = {"http": OUR_HTTP, "timeout_graceful_shutdown": 2, **options}
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, ws=ws, **options))
    serving = asyncio.create_task(_serve(server))
    await eventually(lambda: _is_started(server, serving))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def _serve(server: uvicorn.Server) -> None:
    try:
        await server.serve()
    except SystemExit as error:  # it would end the loop, and with it all tests to come
        raise RuntimeError("the server did not start; its log tells why") from error


async def _is_started(server: uvicorn.Server, serving: asyncio.Task[None]) -> bool:
    if serving.done():
        serving.result()
        raise RuntimeError("the server ended before it was ready")
    return server.started


async def eventually(look: Callable[[], Awaitable[_Found]], deadline_seconds: float = DEADLINE_SECONDS) -> _Found:
    """The first true answer of `look`, asked again and again until the deadline.

    Raises:
        TimeoutError: it never was; tells the last answer.
    """
    deadline = time.monotonic() + deadline_seconds
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {deadline_seconds} s; the last answer was {found!r}")
        await asyncio.sleep(_POLL_SECONDS)
