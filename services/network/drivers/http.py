"""Driver `http`: a page that answers as it should, and its certificate; the round trip is the time to its headers."""

import asyncio
import base64
import math
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal, Self, cast

import httpx
from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from dashnet.errors import DeviceFailure, DeviceTimeout
from dashnet.reading import Reading, State
from services.network.drivers.certificates import check_expiry
from services.network.drivers.destination import Destination, normalize_host
from services.network.drivers.driver import DeviceReads, DriverOptions, ReadLimits, Target
from services.network.drivers.http_transport import HttpTransport, make_tls, to_http_error
from services.network.drivers.names import Names

NAME = "http"
# How much of a page is looked through for the expected text.
MOST_BODY_BYTES = 1 << 20
_MOST_REDIRECTS = 5
# A page with TLS costs milliseconds of CPU; with more of them at a time each would measure how busy we are.
_SHARE_OF_TURNS = 0.25
# Unpacked a page may be any size, and what is not asked for in plain is not looked into.
_OUR_HEADERS = {"user-agent": "dashnet", "accept": "*/*", "accept-encoding": "identity"}
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie"}


def _check_url(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"no address: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("not of the form https://host/path or http://host/path")
    if parsed.userinfo:
        raise ValueError("a name and a password go into username and password")
    return url


def _check_headers(headers: dict[str, str]) -> dict[str, str]:
    secret = sorted(name for name in headers if name.lower() in _SECRET_HEADERS)
    if secret:
        raise ValueError(f"{secret[0]}: everybody sees headers; use username and password, or bearer_token")
    return headers


Status = Annotated[str, StringConstraints(pattern=r"^[1-5](xx|[0-9][0-9])$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,1000}$")]


class HttpOptions(DriverOptions):
    """What to ask for and which answer is a good one."""

    url: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_check_url)] | None = Field(
        None,
        description="The page; without it http://ADDRESS/ of the device",
        examples=["https://nas.example.org/health"],
    )
    method: Literal["GET", "HEAD", "OPTIONS", "POST"] = Field("GET", description="What to ask with; no body is sent")
    expected_statuses: list[Status] = Field(
        ["2xx"], min_length=1, max_length=32, description="Good statuses: 204, or a whole class such as 2xx"
    )
    expected_text: str | None = Field(
        None, min_length=1, max_length=1000, description="Text that must stand in the first 1 MiB of the page"
    )
    follow_redirects: bool = Field(
        False, description=f"Whether to go on where a redirect leads, at most {_MOST_REDIRECTS} times"
    )
    verify_tls: bool = Field(True, description="Whether the certificate must be valid, known, and of this name")
    headers: Annotated[dict[HeaderName, HeaderValue], AfterValidator(_check_headers)] = Field(
        {}, max_length=32, description="Further headers to send; no secrets, everybody sees them"
    )
    username: str | None = Field(None, max_length=255, pattern=r"^[^:]*$", description="For basic authentication")
    password: SecretStr | None = Field(None, max_length=255, description="For basic authentication")
    bearer_token: SecretStr | None = Field(None, max_length=4096, description="For the header Authorization: Bearer")
    certificate_warning_days: int = Field(
        14, ge=0, le=3650, description="Says so when the certificate lasts no longer than this; 0: never"
    )
    certificate_failure_days: int = Field(
        0, ge=0, le=3650, description="Counts as down when the certificate lasts no longer than this; 0: never"
    )
    timeout_seconds: float = Field(5, ge=0.1, le=30, description="How long all of it may take")

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.expected_text is not None and self.method == "HEAD":
            raise ValueError("expected_text: an answer to HEAD has no text")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is not None and self.bearer_token is not None:
            raise ValueError("either username and password, or bearer_token")
        return self

    def find_destination(self, ip_address: str) -> Destination:
        """The host of the page that is asked for, as the driver's own library reads its address."""
        page = httpx.URL(self.url or f"http://{_in_url(ip_address)}/")
        usual_port = 443 if page.scheme == "https" else 80
        sources = dict.fromkeys(("scheme", "host", "port"), "url" if self.url else "ip_address")
        return Destination(page.scheme, normalize_host(page.host), page.port or usual_port, sources)


class HttpDriver:
    """Asks once, on a connection of its own: no cookies, no proxy, nothing kept from one reading to the next."""

    name = NAME

    def __init__(self, names: Names, limits: ReadLimits) -> None:
        self._names = names
        fewer = replace(limits, concurrency=math.ceil(limits.concurrency * _SHARE_OF_TURNS))
        self._reads = DeviceReads(self._read_one, fewer)
        self._tls: dict[bool, ssl.SSLContext] = {}
        self._making_tls = asyncio.Lock()

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        """One reading per target, in their order."""
        return await self._reads.read(targets)

    async def _read_one(self, target: Target) -> Reading:
        options = cast(HttpOptions, target.options)
        try:
            async with asyncio.timeout(options.timeout_seconds):
                seconds, warning = await self._ask(options, options.url or f"http://{_in_url(target.ip_address)}/")
        except TimeoutError:
            raise DeviceTimeout(f"no whole answer within {options.timeout_seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise to_http_error(error) from error
        return Reading(target.device_id, State.UP, None, None, seconds, datetime.now(UTC), warning)

    async def _get_tls(self, verify: bool) -> ssl.SSLContext:
        async with self._making_tls:
            if verify not in self._tls:
                self._tls[verify] = await asyncio.to_thread(make_tls, verify)
        return self._tls[verify]

    async def _ask(self, options: HttpOptions, url: str) -> tuple[float, str | None]:
        """Seconds until the headers of the answer, and what is about to go wrong."""
        async with httpx.AsyncClient(
            transport=HttpTransport(self._names, await self._get_tls(options.verify_tls)),
            timeout=None,
            trust_env=False,
        ) as client:
            client.headers = httpx.Headers({**_OUR_HEADERS, **_authorization(options)})
            client.headers.update(options.headers)
            began = time.perf_counter()
            response = await _follow(client, client.build_request(options.method, url), options.follow_redirects)
            seconds = time.perf_counter() - began
            async with aclosing(response):
                _check_status(response, options.expected_statuses)
                if options.expected_text is not None:
                    await _find_text(response, options.expected_text)
                return seconds, check_expiry(
                    _certificate(response), options.certificate_warning_days, options.certificate_failure_days
                )


async def _follow(client: httpx.AsyncClient, request: httpx.Request, follow_redirects: bool) -> httpx.Response:
    """The last answer, its body unread; of those before none is read, unlike httpx does, which takes them whole.

    Raises:
        DeviceFailure: it goes round in circles.
        httpx.HTTPError: no answer.
    """
    for _ in range(1 + _MOST_REDIRECTS):
        response = await client.send(request, stream=True)
        if not follow_redirects or response.next_request is None:
            return response
        await response.aclose()
        request = response.next_request
    raise DeviceFailure(f"redirects more than {_MOST_REDIRECTS} times")


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _authorization(options: HttpOptions) -> dict[str, str]:
    """As a header, which httpx leaves out where a redirect leads to another server."""
    if options.bearer_token is not None:
        return {"authorization": f"Bearer {options.bearer_token.get_secret_value()}"}
    if options.username is None or options.password is None:
        return {}
    pair = f"{options.username}:{options.password.get_secret_value()}".encode()
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _check_status(response: httpx.Response, expected: Sequence[str]) -> None:
    status = str(response.status_code)
    if status not in expected and f"{status[0]}xx" not in expected:
        raise DeviceFailure(f"answers {status} {response.reason_phrase}, expected is {', '.join(expected)}"[:200])


async def _find_text(response: httpx.Response, text: str) -> None:
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise DeviceFailure(f"answers in the encoding {encoding[:32]} unasked: its text cannot be looked for")
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) >= MOST_BODY_BYTES:
            break
    if text not in bytes(body[:MOST_BODY_BYTES]).decode(response.charset_encoding or "utf-8", errors="replace"):
        raise DeviceFailure("the expected text does not stand in the page")


def _certificate(response: httpx.Response) -> bytes | None:
    tls = response.extensions["network_stream"].get_extra_info("ssl_object")
    return tls.getpeercert(binary_form=True) if tls else None
