"""HTTP as no client library would send it."""

import asyncio

_SECONDS = 10.0


async def ask_raw(port: int, *lines: str, body: bytes = b"") -> bytes:
    """Send a request of these lines to this machine, and return all that comes until the service ends its answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        # Without this line an answer would keep the connection open; a second one is as good as the first.
        closing = () if any(line.startswith("Connection:") for line in lines) else ("Connection: close",)
        writer.write("\r\n".join((*lines, *closing, "", "")).encode("latin-1") + body)
        async with asyncio.timeout(_SECONDS):
            return await reader.read()
    finally:
        writer.close()
