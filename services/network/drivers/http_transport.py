"""How the driver `http` reaches a server: through our own look-up of names, with the roots that it trusts."""

import socket
import ssl
from collections.abc import Iterator

import certifi
import httpx

from dashnet.errors import DeviceFailure, DriverError
from services.network.drivers.names import Names, to_driver_error


class HttpTransport(httpx.AsyncHTTPTransport):
    """Connects to the addresses that our own look-up finds, one after the other until one answers."""

    def __init__(self, names: Names, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._names = names

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode()
        *others, last = await self._names.resolve(host)
        for address in others:
            try:
                return await self._send_to(address, host, request)
            except httpx.ConnectError:
                continue
        return await self._send_to(last, host, request)

    async def _send_to(self, address: str, host: str, request: httpx.Request) -> httpx.Response:
        return await super().handle_async_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
        )


def make_tls(verify: bool) -> ssl.SSLContext:
    """The roots of the system, where a company keeps its own, and those of certifi, for systems that have none.

    Takes tens of milliseconds.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def to_http_error(error: Exception) -> DriverError:
    """What an error of httpx says of the device."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return DeviceFailure(f"its certificate is not accepted: {cause.verify_message}")
        if isinstance(cause, ssl.SSLError):
            return DeviceFailure(f"no TLS: {cause.reason or cause}")
        if isinstance(cause, OSError) and cause.errno is not None and not isinstance(cause, socket.gaierror):
            return to_driver_error(cause, "the server")
    return DeviceFailure(f"no good answer: {error or type(error).__name__}"[:200])


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
