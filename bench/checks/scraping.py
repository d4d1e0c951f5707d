"""Scrapes an exporter over connections that are kept, as fast as it answers."""

import asyncio
from collections.abc import Iterator, Sequence

SCRAPE_SECONDS = 60


async def scrape_all(port: int, paths: Sequence[str], connections: int) -> list[bytes]:
    """Return the answers to all paths in any order; each of so many connections asks for the next one in turn."""
    waiting, answers = iter(paths), list[bytes]()
    async with asyncio.timeout(SCRAPE_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(min(connections, len(paths))):
            group.create_task(_scrape_in_turn(port, waiting, answers))
    return answers


async def _scrape_in_turn(port: int, waiting: Iterator[str], answers: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for path in waiting:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            answers.append(await _read_answer(reader))
    finally:
        writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"the exporter answers {head.splitlines()[0]!r}")
    if b"transfer-encoding: chunked" not in head:
        return await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    body = bytearray()
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return bytes(body)
