"""What a port speaks instead: asked once more after a check has failed, and at no cost where all is well."""

import asyncio
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass

from dashnet.errors import DriverError
from services.network.drivers.http.connection import Connection, HandshakeFailed, connect
from services.network.drivers.http.head import NotHttp, parse_head
from services.network.drivers.http.tls import make_watching_tls, reason_of

SPEAKS_PLAIN_HTTP = "no TLS: the server speaks plain HTTP at this port"
SPEAKS_TLS = "the server speaks TLS at this port, no plain HTTP"
ASKS_FOR_CERTIFICATE = "the server asks for a client certificate"
_MOST_SECONDS = 2.0
_PLAIN_REQUEST = b"GET / HTTP/1.0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Handshake:
    """What came of a handshake that takes any version and cipher."""

    has_succeeded: bool
    version: str | None
    cipher: str | None
    asked_for_certificate: bool


async def within(seconds: float, finding: Awaitable[str | None]) -> str | None:
    """Return what is found out in so many seconds, two at the most; None where that is nothing."""
    try:
        async with asyncio.timeout(max(min(seconds, _MOST_SECONDS), 0)):
            return await finding
    except (TimeoutError, DriverError, OSError):
        return None


async def explain_handshake(address: str, port: int, host: str, failed: OSError, strict: ssl.SSLContext) -> str | None:
    """Return why no TLS came about: there is none, it is old, or it wants to know who we are."""
    if not _is_alert(failed) and await speaks_plain_http(address, port):
        return SPEAKS_PLAIN_HTTP
    handshake = await shake_hands(address, port, host)
    if handshake.asked_for_certificate:
        return ASKS_FOR_CERTIFICATE
    if handshake.has_succeeded and _is_old(handshake, failed, strict):
        return f"the server speaks only old TLS ({handshake.version}, {handshake.cipher})"
    return None


async def explain_silence(address: str, port: int, host: str, is_tls: bool) -> str | None:
    """Return why a request got no answer: it was meant to be in TLS, or the server wants to know who we are."""
    handshake = await shake_hands(address, port, host)
    if not is_tls:
        return SPEAKS_TLS if handshake.has_succeeded or handshake.asked_for_certificate else None
    return ASKS_FOR_CERTIFICATE if handshake.asked_for_certificate else None


async def speaks_plain_http(address: str, port: int) -> bool:
    """Whether a plain request gets an answer in HTTP."""
    connection = await connect([address], port, None, address, _MOST_SECONDS)
    try:
        connection.send(_PLAIN_REQUEST)
        return await _answers_in_http(connection)
    finally:
        connection.close()


async def _answers_in_http(connection: Connection) -> bool:
    received = b""
    while len(received) < 16 and (more := await connection.read()):
        received += more
    try:
        parse_head(received.partition(b"\n")[0])
    except NotHttp:
        return False
    return True


async def shake_hands(address: str, port: int, host: str) -> Handshake:
    """Try a handshake that takes anything, and see whether a client certificate is asked for."""
    asked: list[bool] = []
    context = make_watching_tls(lambda: asked.append(True))
    try:
        connection = await connect([address], port, context, host, _MOST_SECONDS)
    except HandshakeFailed:
        return Handshake(False, None, None, bool(asked))
    try:
        tls = connection.tls
        cipher = tls.cipher() if tls else None
        return Handshake(True, tls.version() if tls else None, cipher[0] if cipher else None, bool(asked))
    finally:
        connection.close()


def _is_alert(error: OSError) -> bool:
    return "ALERT" in reason_of(error)


def _is_old(handshake: Handshake, failed: OSError, strict: ssl.SSLContext) -> bool:
    """Whether what succeeded would not do with verification; a handshake that failed by chance is not called old."""
    if handshake.version == "TLSv1.3":
        return False
    usual = {cipher["name"] for cipher in strict.get_ciphers()}
    return handshake.version != "TLSv1.2" or handshake.cipher not in usual or isinstance(failed, ssl.SSLError)
