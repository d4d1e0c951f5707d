"""Options of the driver `dns`: the question, and which answers are good ones."""

from functools import lru_cache
from typing import Annotated, Literal

import dns.exception
import dns.name
import dns.reversename
from pydantic import AfterValidator, Field, StringConstraints

from services.network.drivers.driver import DriverOptions
from services.network.drivers.names import is_address

NAME = "dns"


def _check_name(name: str) -> str:
    try:
        dns.name.from_text(name)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f"no name: {error}") from None
    return name


class DnsOptions(DriverOptions):
    """The question, and which answers are good ones."""

    query_name: Annotated[str, StringConstraints(min_length=1, max_length=253), AfterValidator(_check_name)] = Field(
        description="The name to ask for; for PTR also an IP address", examples=["www.example.org"]
    )
    record_type: Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] = Field(
        "A", description="The type of the records to ask for"
    )
    expected: list[Annotated[str, StringConstraints(min_length=1, max_length=1000)]] | None = Field(
        None,
        max_length=32,
        description="Answers that must all be there, such as 192.0.2.1 or '10 mail.example.org'; an empty list: "
        "there must be none; without it any answer is good",
    )
    port: int = Field(53, ge=1, le=65535, description="Port of the name server, which is the device")
    tcp: bool = Field(False, description="Ask over TCP; without it over UDP, and TCP where the answer is too long")
    timeout_seconds: float = Field(4, ge=0.1, le=30, description="How long the answer may take, further tries included")


@lru_cache(maxsize=16_384)
def to_query_name(query_name: str, record_type: str) -> dns.name.Name:
    """Return the name to ask for: of an address' PTR, the one below `in-addr.arpa` or `ip6.arpa`."""
    if record_type == "PTR" and is_address(query_name):
        return dns.reversename.from_address(query_name)
    return dns.name.from_text(query_name)
