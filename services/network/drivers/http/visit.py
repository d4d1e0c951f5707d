"""One reading of a page: asks, follows redirects, checks the answer, and explains what is wrong with it."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress

from dashnet.errors import DeviceFailure, DriverError
from services.network.drivers.certificates import check_chain
from services.network.drivers.http.addresses import PageAddress, follow, show
from services.network.drivers.http.connection import Connection, HandshakeFailed, connect
from services.network.drivers.http.cookies import Cookies
from services.network.drivers.http.credentials import Credentials
from services.network.drivers.http.diagnosis import (
    ASKS_FOR_CERTIFICATE,
    SPEAKS_PLAIN_HTTP,
    SPEAKS_TLS,
    explain_handshake,
    explain_silence,
    speaks_plain_http,
    within,
)
from services.network.drivers.http.digest import find_challenge
from services.network.drivers.http.exchange import Exchange, NoAnswer, Request
from services.network.drivers.http.head import NotHttp, SpeaksTls
from services.network.drivers.http.options import MOST_REDIRECTS, HttpOptions
from services.network.drivers.http.redirects import Guard
from services.network.drivers.http.text import explain_missing
from services.network.drivers.http.tls import explain_tls, list_chain, reason_of
from services.network.drivers.names import Names

_MOVED, _SEE_OTHER = {301, 302}, 303
_REDIRECTS = {*_MOVED, _SEE_OTHER, 307, 308}
_UNAUTHORIZED = 401
# Servers answer so that want TLS, or a client certificate: nginx, Apache and Go alike.
_PUZZLING = {400, 403, 426, 495, 496, 497}
# Unpacked a page may be any size, and one that is not packed costs less to look into.
_OUR_HEADERS = {"User-Agent": "dashnet", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
# A handshake that takes this much of the time may have met a server that waits for plain HTTP.
_SLOW_HANDSHAKE_RATIO = 0.5
_GetTls = Callable[[bool], Awaitable[ssl.SSLContext]]


class Visit:
    """One reading of one device; `hint` is what was found out about a server that gives no answer."""

    def __init__(
        self, options: HttpOptions, names: Names, guard: Guard, get_tls: _GetTls, credentials: Credentials
    ) -> None:
        self.hint: str | None = None
        self._options = options
        self._names = names
        self._guard = guard
        self._get_tls = get_tls
        self._cookies = Cookies()
        self._credentials = credentials
        self._ends_at = asyncio.get_running_loop().time() + options.timeout_seconds

    async def check(self, page: PageAddress) -> tuple[float, str | None]:
        """Return the seconds until the headers of the last answer, and what is about to go wrong.

        Raises:
            DriverError: no answer, or not the expected one.
        """
        began = time.perf_counter()
        with await self._ask_for(page) as exchange:
            seconds = time.perf_counter() - began
            await self._check_status(exchange)
            if self._options.expected_text is not None:
                missing = explain_missing(
                    await exchange.read_page(), exchange.head.first("content-type"), self._options.expected_text
                )
                if missing is not None:
                    raise DeviceFailure(missing)
            return seconds, self._check_certificates(exchange)

    async def _ask_for(self, first: PageAddress) -> Exchange:
        """Follow redirects to the last answer, its body unread; of those before none is read."""
        page, method = first, self._options.method
        for _ in range(1 + MOST_REDIRECTS):
            exchange = await self._ask_with_digest(page, method, first)
            location = exchange.head.first("location") if exchange.head.status in _REDIRECTS else None
            if location is None or not self._options.follow_redirects:
                return exchange
            with exchange:
                self._cookies.take(page, exchange.head.headers.get("set-cookie", []))
            method = "GET" if _becomes_get(method, exchange.head.status) else method
            page = _turn_to(page, location)
        raise DeviceFailure(f"redirects more than {MOST_REDIRECTS} times")

    async def _ask_with_digest(self, page: PageAddress, method: str, first: PageAddress) -> Exchange:
        """Ask, and once more where the server wants a digest of the password instead of the password."""
        exchange = await self._ask(page, method, first)
        if exchange.head.status != _UNAUTHORIZED or not self._credentials.hold_a_password_for(page):
            return exchange
        challenge = find_challenge(exchange.head.headers.get("www-authenticate", []))
        if challenge is None or not challenge.is_known:
            return exchange
        with exchange:
            self._credentials.answer(challenge, page)
        return await self._ask(page, method, first)

    async def _ask(self, page: PageAddress, method: str, first: PageAddress) -> Exchange:
        addresses = await self._names.resolve(page.host)
        if page is not first:
            await self._guard.check(page, addresses, first)
        tls = await self._get_tls(self._options.verify_tls) if page.is_tls else None
        request = Request(method, page, self._headers(page, method, first), addresses, tls)
        connection = await self._connect(request)
        try:
            return await Exchange.begin(request, connection)
        except NoAnswer as silence:
            raise await self._explain_silence(request, connection.peer or addresses[0], silence) from silence
        except SpeaksTls:
            raise DeviceFailure(SPEAKS_TLS) from None
        except NotHttp as error:
            raise DeviceFailure(f"no good answer: {error}") from error

    def _headers(self, page: PageAddress, method: str, first: PageAddress) -> Mapping[str, str]:
        ours = dict(_OUR_HEADERS)
        if (authorization := self._credentials.header_for(page, method)) is not None:
            ours["Authorization"] = authorization
        if (cookies := self._cookies.header_for(page)) is not None:
            ours["Cookie"] = cookies
        further = self._options.headers
        if not further:
            return ours
        names = {name.lower() for name in further}
        ours = {name: value for name, value in ours.items() if name.lower() not in names}
        return ours | {
            name: value for name, value in further.items() if name.lower() != "host" or page.host == first.host
        }

    async def _connect(self, request: Request) -> Connection:
        """Connect; where TLS takes long, see meanwhile whether the server waits for plain HTTP."""
        page, left = request.page, self._seconds_left()
        if request.tls is None:
            return await connect(request.addresses, page.port, None, page.host, left)
        loop, probes = asyncio.get_running_loop(), list[asyncio.Task[None]]()
        probe = self._look_for_plain_http(request)
        timer = loop.call_later(left * _SLOW_HANDSHAKE_RATIO, lambda: probes.append(loop.create_task(probe())))
        try:
            return await connect(request.addresses, page.port, request.tls, page.host, left)
        except HandshakeFailed as failed:
            raise await self._explain_handshake(request, failed) from failed
        finally:
            timer.cancel()
            for task in probes:
                task.cancel()
            await asyncio.gather(*probes, return_exceptions=True)

    def _look_for_plain_http(self, request: Request) -> Callable[[], Coroutine[None, None, None]]:
        async def look() -> None:
            with suppress(DriverError, OSError):
                if await speaks_plain_http(request.addresses[0], request.page.port):
                    self.hint = SPEAKS_PLAIN_HTTP

        return look

    def _seconds_left(self) -> float:
        return max(self._ends_at - asyncio.get_running_loop().time(), 0.0)

    async def _explain_handshake(self, request: Request, failed: HandshakeFailed) -> DeviceFailure:
        words = explain_tls(failed.error)
        if isinstance(failed.error, ssl.SSLCertVerificationError) or request.tls is None:
            return DeviceFailure(words)
        page = request.page
        finding = explain_handshake(failed.address, page.port, page.host, failed.error, request.tls)
        return DeviceFailure(await within(self._seconds_left(), finding) or words)

    async def _explain_silence(self, request: Request, address: str, silence: NoAnswer) -> DeviceFailure:
        if "CERTIFICATE_REQUIRED" in reason_of(silence.error):
            return DeviceFailure(ASKS_FOR_CERTIFICATE)
        page = request.page
        finding = explain_silence(address, page.port, page.host, page.is_tls)
        words = await within(self._seconds_left(), finding)
        return DeviceFailure(words or "no good answer: the server closes the connection without one")

    async def _check_status(self, exchange: Exchange) -> None:
        head, expected = exchange.head, self._options.expected_statuses
        status = str(head.status)
        if status in expected or f"{status[0]}xx" in expected:
            return
        words = f"answers {status} {head.reason}".rstrip() + f", expected is {', '.join(expected)}"
        reason = await self._explain_status(exchange)
        raise DeviceFailure(f"{words[:200]}: {reason}" if reason else words[:200])

    async def _explain_status(self, exchange: Exchange) -> str | None:
        head, page = exchange.head, exchange.request.page
        if head.status == _UNAUTHORIZED:
            return self._credentials.explain_refusal(head.headers.get("www-authenticate", []), page)
        if head.status in _PUZZLING and exchange.peer is not None:
            finding = explain_silence(exchange.peer, page.port, page.host, page.is_tls)
            return await within(self._seconds_left(), finding)
        return None

    def _check_certificates(self, exchange: Exchange) -> str | None:
        warning_days, failure_days = self._options.certificate_warning_days, self._options.certificate_failure_days
        if exchange.tls is None or not (warning_days or failure_days):
            return None
        return check_chain(list_chain(exchange.tls), warning_days, failure_days)


def _turn_to(page: PageAddress, location: str) -> PageAddress:
    try:
        return follow(page, location)
    except ValueError:
        raise DeviceFailure(f"redirects to a bad address: {show(location) or 'none'}") from None


def _becomes_get(method: str, status: int) -> bool:
    """As browsers do it; HEAD stays what it is."""
    return (status == _SEE_OTHER and method != "HEAD") or (status in _MOVED and method == "POST")
