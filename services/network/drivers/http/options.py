"""Options of the driver `http`."""

from typing import Annotated, Literal, Self

import httpx
from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from services.network.drivers.destination import Destination, normalize_host
from services.network.drivers.driver import DriverOptions
from services.network.drivers.http.addresses import parse_address, root_of

NAME = "http"
MOST_REDIRECTS = 5
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie"}


def _check_url(url: str) -> str:
    parse_address(url)
    if httpx.URL(url).userinfo:
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
        False, description=f"Whether to go on where a redirect leads, at most {MOST_REDIRECTS} times"
    )
    verify_tls: bool = Field(True, description="Whether the certificate must be valid, known, and of this name")
    headers: Annotated[dict[HeaderName, HeaderValue], AfterValidator(_check_headers)] = Field(
        {}, max_length=32, description="Further headers to send; no secrets, everybody sees them"
    )
    username: str | None = Field(
        None, max_length=255, pattern=r"^[^:]*$", description="For basic or digest authentication"
    )
    password: SecretStr | None = Field(None, max_length=255, description="For basic or digest authentication")
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
        """Return the host of the page that is asked for, as the driver itself reads its address."""
        page = parse_address(self.url) if self.url is not None else root_of(ip_address)
        sources = dict.fromkeys(("scheme", "host", "port"), "ip_address" if self.url is None else "url")
        return Destination(page.scheme, normalize_host(page.host), page.port, sources)
