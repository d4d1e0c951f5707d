"""Driver `dns`: a name server that answers a question, as expected; the round trip is that of the question."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, cast

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from pydantic import AfterValidator, Field, StringConstraints

from dashnet.errors import DeviceFailure, DeviceTimeout
from dashnet.reading import Reading, State
from services.network.drivers.driver import DeviceReads, DriverOptions, ReadLimits, Target
from services.network.drivers.names import Names, to_driver_error

NAME = "dns"
# A question over UDP may get lost: it is asked again once, after this part of the time.
_FIRST_TRY_RATIO = 0.4
_SHOWN_ANSWERS = 5
_SHOWN_CHARACTERS = 100


def _check_name(name: str) -> str:
    try:
        dns.name.from_text(name)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f"no name: {error}") from None
    return name


class DnsOptions(DriverOptions):
    """The question, and which answers are good ones."""

    query_name: Annotated[str, StringConstraints(min_length=1, max_length=253), AfterValidator(_check_name)] = Field(
        description="The name to ask for", examples=["www.example.org"]
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
    timeout_seconds: float = Field(4, ge=0.1, le=30, description="How long the answer may take, a second try included")


class DnsDriver:
    """Asks the device itself, recursion desired."""

    name = NAME

    def __init__(self, names: Names, limits: ReadLimits) -> None:
        self._names = names
        self._reads = DeviceReads(self._read_one, limits)

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        """One reading per target, in their order."""
        return await self._reads.read(targets)

    async def _read_one(self, target: Target) -> Reading:
        options = cast(DnsOptions, target.options)
        address = (await self._names.resolve(target.ip_address))[0]
        try:
            async with asyncio.timeout(options.timeout_seconds):
                response, seconds = await _ask(address, options)
        except TimeoutError:
            raise DeviceTimeout(f"no answer within {options.timeout_seconds:g} s") from None
        except OSError as error:
            raise to_driver_error(error, f"port {options.port}") from error
        except (dns.exception.DNSException, EOFError) as error:
            raise DeviceFailure(f"no good answer: {error or type(error).__name__}"[:200]) from error
        check_answers(response, options)
        return Reading(target.device_id, State.UP, None, None, seconds, datetime.now(UTC))


async def _ask(address: str, options: DnsOptions) -> tuple[dns.message.Message, float]:
    question = dns.message.make_query(options.query_name, options.record_type, use_edns=0)
    if options.tcp:
        return await _ask_over_tcp(question, address, options.port)
    try:
        async with asyncio.timeout(options.timeout_seconds * _FIRST_TRY_RATIO):
            return await _ask_over_udp(question, address, options.port)
    except TimeoutError:
        return await _ask_over_udp(question, address, options.port)


async def _ask_over_udp(question: dns.message.Message, address: str, port: int) -> tuple[dns.message.Message, float]:
    began = time.perf_counter()
    # Whoever can send us datagrams may send anything: only the answer to this question ends the wait.
    response = await dns.asyncquery.udp(question, address, port=port, ignore_unexpected=True, ignore_errors=True)
    if response.flags & dns.flags.TC:
        return await _ask_over_tcp(question, address, port)
    return response, time.perf_counter() - began


async def _ask_over_tcp(question: dns.message.Message, address: str, port: int) -> tuple[dns.message.Message, float]:
    began = time.perf_counter()
    return await dns.asyncquery.tcp(question, address, port=port), time.perf_counter() - began


def check_answers(response: dns.message.Message, options: DnsOptions) -> None:
    """Whether these are the answers that the options expect.

    Raises:
        DeviceFailure: they are not.
    """
    rcode, asked = response.rcode(), f"{options.record_type} of {options.query_name}"
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise DeviceFailure(f"answers {dns.rcode.to_text(rcode)} to {asked}")
    answers = find_answers(response, options.record_type)
    if options.expected == []:
        if answers:
            raise DeviceFailure(f"answers {_shown(answers)} to {asked}, expected is none")
        return
    if not answers:
        raise DeviceFailure(f"knows no {asked} ({dns.rcode.to_text(rcode)})")
    present = {_normalise(answer) for answer in answers}
    missing = [one for one in options.expected or () if _normalise(one) not in present]
    if missing:
        raise DeviceFailure(f"answers {_shown(answers)} to {asked}, expected is {_shown(missing)}")


def find_answers(response: dns.message.Message, record_type: str) -> Sequence[str]:
    """The answers of this type as text, in the order of the response; the parts of a TXT joined."""
    wanted = dns.rdatatype.from_text(record_type)
    records = [record for rrset in response.answer if rrset.rdtype == wanted for record in rrset]
    if wanted == dns.rdatatype.TXT:
        return [b"".join(record.strings).decode(errors="replace") for record in records]
    return [record.to_text() for record in records]


def _normalise(answer: str) -> str:
    return " ".join(part.removesuffix(".") for part in answer.lower().split())


def _shown(answers: Sequence[str]) -> str:
    more = f" and {len(answers) - _SHOWN_ANSWERS} more" if len(answers) > _SHOWN_ANSWERS else ""
    return ", ".join(answer[:_SHOWN_CHARACTERS] for answer in answers[:_SHOWN_ANSWERS]) + more
