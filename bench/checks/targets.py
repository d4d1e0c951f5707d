"""Targets of the bench `checks`, in a process whose CPU is not counted: HTTP, HTTPS, TCP and DNS at each address."""

import asyncio
import json
import signal
import ssl
import sys
from pathlib import Path
from typing import cast

import uvloop

from bench.checks.certificates import KEY
from dashnet.open_files import allow_open_files

ADDRESSES = [f"127.2.{number >> 8}.{number & 255}" for number in range(1, 501)]
KINDS = ("http", "https", "tcp", "dns")
_PAGE = b"<!doctype html><title>Printer</title><p>Ready. Toner 81 %." + b" " * 540
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sun, 29 Nov 2026 02:00:00 GMT\r\n"
    b"Content-Type: text/html; charset=utf-8\r\nCache-Control: no-cache\r\nX-Frame-Options: SAMEORIGIN\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_PAGE), _PAGE)
)
# Name of the question, type A, class IN, lifetime, four bytes: 192.0.2.1.
_RECORD = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"


class _Page(asyncio.Protocol):
    """Answers the one request of a connection, and leaves closing it to the client as a server with keep-alive does."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(b"\r\n\r\n"):
            self._transport.write(_ANSWER)
            if b"connection: close" in self._received.lower():
                self._transport.close()


class _NameServer(asyncio.DatagramProtocol):
    """Answers every question with one address."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        end = data.index(b"\0", 12) + 5
        header = data[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
        self._transport.sendto(header + data[12:end] + _RECORD, addr)


async def _listen(folder: Path) -> dict[str, int]:
    """Serve every kind on every address; the ports by kind, the same on all."""
    loop = asyncio.get_running_loop()
    ports = dict.fromkeys(KINDS, 0)
    for address in ADDRESSES:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / f"{address}.pem", folder / KEY)
        for kind, protocol, context in (("http", _Page, None), ("https", _Page, tls), ("tcp", asyncio.Protocol, None)):
            server = await loop.create_server(protocol, address, ports[kind], ssl=context, backlog=1024)
            ports[kind] = server.sockets[0].getsockname()[1]
        transport, _ = await loop.create_datagram_endpoint(_NameServer, (address, ports["dns"]))
        ports["dns"] = transport.get_extra_info("sockname")[1]
    return ports


async def _serve(folder: Path) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print(json.dumps(await _listen(folder)), flush=True)
    await ended.wait()


if __name__ == "__main__":
    allow_open_files()
    uvloop.run(_serve(Path(sys.argv[1])))
