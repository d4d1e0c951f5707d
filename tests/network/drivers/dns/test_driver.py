"""The driver `dns` against a real name server, dnsmasq, and against ones that behave badly."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from typing import Any

import dns.flags
import dns.rcode
import pytest

from dashnet.reading import State
from services.network.drivers import parse_options
from services.network.drivers.names import Names
from tests.network.drivers.dns.servers import read, refuse, reply, respond, respond_to
from tests.ports import free_port
from tests.servers import eventually

ZONE = (
    "--address=/www.example.test/192.0.2.1",
    "--host-record=two.example.test,192.0.2.2,2001:db8::2",
    "--cname=alias.example.test,two.example.test",
    "--mx-host=example.test,mail.example.test,10",
    "--txt-record=example.test,v=spf1 -all",
    "--txt-record=long.example.test," + ",".join(f"{'x' * 240}{number}" for number in range(8)),
    "--srv-host=_ldap._tcp.example.test,two.example.test,389,1,2",
    "--ptr-record=1.2.0.192.in-addr.arpa,www.example.test",
    "--local=/example.test/",
)


@pytest.fixture(scope="module")
async def dnsmasq() -> AsyncIterator[int]:
    """The port of a dnsmasq that knows `ZONE` and asks nobody."""
    program = shutil.which("dnsmasq") or shutil.which("dnsmasq", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("no program dnsmasq (on Debian: apt-get install dnsmasq-base)")
    port = free_port()
    process = start_dnsmasq(program, port)

    async def answers() -> bool:
        assert process.poll() is None, process.stderr and process.stderr.read()
        return (await read(port, "www.example.test", timeout_seconds=1)).state is State.UP

    try:
        await eventually(answers)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=5)


def start_dnsmasq(program: str, port: int) -> "subprocess.Popen[str]":
    itself = ("--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--no-resolv", "--no-hosts", "--no-poll")
    where = (f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--edns-packet-max=1232")
    return subprocess.Popen([program, *itself, *where, *ZONE], stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("www.example.test", {}),
        ("WWW.Example.test.", {"expected": ["192.0.2.1"]}),
        ("two.example.test", {"record_type": "AAAA", "expected": ["2001:db8::2"]}),
        ("alias.example.test", {"expected": ["192.0.2.2"]}),
        ("alias.example.test", {"record_type": "CNAME", "expected": ["two.example.test."]}),
        ("example.test", {"record_type": "MX", "expected": ["10 Mail.example.test"]}),
        ("example.test", {"record_type": "MX", "expected": ["mail.example.test"]}),
        ("example.test", {"record_type": "TXT", "expected": ["v=spf1 -all"]}),
        ("example.test", {"record_type": "TXT", "expected": ['"v=spf1" " -all"']}),
        ("two.example.test", {"record_type": "AAAA", "expected": ["2001:DB8:0:0:0:0:0:2"]}),
        ("192.0.2.1", {"record_type": "PTR", "expected": ["www.example.test"]}),
        ("_ldap._tcp.example.test", {"record_type": "SRV", "expected": ["1 2 389 two.example.test"]}),
        ("1.2.0.192.in-addr.arpa", {"record_type": "PTR", "expected": ["www.example.test"]}),
        ("none.example.test", {"expected": []}),
        ("long.example.test", {"record_type": "TXT"}),
        ("www.example.test", {"tcp": True}),
    ],
)
async def test_a_name_that_is_known_as_expected_is_up(dnsmasq: int, name: str, options: dict[str, Any]) -> None:
    reading = await read(dnsmasq, name, **options)
    assert (reading.state, reading.error) == (State.UP, None)
    assert reading.round_trip_seconds is not None
    assert 0 < reading.round_trip_seconds < 1


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("none.example.test", {}, "knows no A of none.example.test (NXDOMAIN)"),
        ("two.example.test", {"record_type": "MX"}, "knows no MX of two.example.test (NOERROR)"),
        (
            "www.example.test",
            {"expected": ["192.0.2.9", "192.0.2.1"]},
            "answers 192.0.2.1 to A of www.example.test, expected is 192.0.2.9",
        ),
        (
            "www.example.test",
            {"expected": []},
            "answers 192.0.2.1 to A of www.example.test, expected is none",
        ),
        (
            "example.test",
            {"record_type": "TXT", "expected": ["V=spf1 -all"]},
            "answers v=spf1 -all to TXT of example.test, expected is V=spf1 -all",
        ),
        ("www.example.com", {}, "answers REFUSED to A of www.example.com"),
    ],
)
async def test_another_answer_than_expected_is_down_and_says_which(
    dnsmasq: int, name: str, options: dict[str, Any], error: str
) -> None:
    reading = await read(dnsmasq, name, **options)
    assert (reading.state, reading.error) == (State.DOWN, error)


async def test_a_server_that_is_silent_is_down_after_its_own_time() -> None:
    async with respond(lambda *_: []) as port:
        reading = await read(port, "a.test", timeout_seconds=0.3)
    assert (reading.state, reading.error) == (State.DOWN, "no answer within 0.3 s")


async def test_a_question_that_was_lost_is_asked_again() -> None:
    async with respond(lambda question, number: [reply(question)] if number == 2 else []) as port:
        reading = await read(port, "a.test", timeout_seconds=1)
    assert reading.state is State.UP


async def test_garbage_and_answers_to_other_questions_are_passed_over() -> None:
    def answer(question: bytes, number: int) -> Sequence[bytes]:
        another = bytes([question[0] ^ 255]) + question[1:]
        return [b"", b"\xff" * 40, reply(another, "192.0.2.66"), reply(question)]

    async with respond(answer) as port:
        reading = await read(port, "a.test", expected=["192.0.2.1"], timeout_seconds=1)
    assert (reading.state, reading.error) == (State.UP, None)


async def test_a_server_that_fails_says_so() -> None:
    async with respond(lambda question, _: [refuse(question, dns.rcode.SERVFAIL)]) as port:
        reading = await read(port, "a.test")
    assert (reading.state, reading.error) == (State.DOWN, "answers SERVFAIL to A of a.test")


async def test_an_answer_that_is_cut_is_asked_for_over_tcp() -> None:
    """Where nothing listens on TCP that is what is told."""

    def answer(question: bytes, number: int) -> Sequence[bytes]:
        response = respond_to(question)
        response.flags |= dns.flags.TC
        return [response.to_wire()]

    async with respond(answer) as port:
        reading = await read(port, "a.test")
    assert (reading.state, reading.error) == (State.DOWN, f"port {port} refuses connections")


async def test_a_closed_tcp_port_refuses() -> None:
    port = free_port()
    reading = await read(port, "a.test", tcp=True)
    assert (reading.state, reading.error) == (State.DOWN, f"port {port} refuses connections")


async def test_a_tcp_server_that_hangs_up_is_down() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        reading = await read(server.sockets[0].getsockname()[1], "a.test", tcp=True)
    assert reading.state is State.DOWN


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "query_name: Field required"),
        ({"query_name": "a..b"}, "query_name: .*no name"),
        ({"query_name": "x" * 64 + ".test"}, "query_name: .*no name"),
        ({"query_name": "a.test", "record_type": "ANY"}, "record_type: "),
        ({"query_name": "a.test", "port": 0}, "port: "),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"^driver 'dns' does not take this: .*{said}"):
        parse_options("dns", options)


class Listed(Names):
    """Every name has these addresses, in this order."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self._addresses = addresses

    async def resolve(self, host: str) -> Sequence[str]:  # noqa: ARG002
        return self._addresses


async def test_a_server_whose_first_address_is_silent_is_asked_at_the_next() -> None:
    async with (
        respond(lambda question, _: [reply(question)], "127.0.0.1") as port,
        respond(lambda *_: [], "127.50.0.1", port),
    ):
        reading = await read(port, "a.test", Listed("127.50.0.1", "127.0.0.1"), timeout_seconds=8)
    assert (reading.state, reading.error) == (State.UP, None)
