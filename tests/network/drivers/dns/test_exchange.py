"""Servers that are old, broken or half right, on real sockets."""

import asyncio
import socket

import dns.flags
import dns.rcode
import pytest

from dashnet.reading import State
from tests.network.drivers.dns.servers import (
    Respond,
    has_edns,
    read,
    refuse,
    reply,
    respond,
    respond_over_tcp,
    respond_to,
)
from tests.servers import eventually

ERRORS = [dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.SERVFAIL, dns.rcode.REFUSED]


def without_edns(rcode: dns.rcode.Rcode) -> Respond:
    """A server that answers questions without EDNS alone, and this to others."""
    return lambda question, _: [refuse(question, rcode) if has_edns(question) else reply(question)]


@pytest.mark.parametrize("rcode", ERRORS)
async def test_a_server_that_refuses_edns_is_asked_without(rcode: dns.rcode.Rcode) -> None:
    async with respond(without_edns(rcode)) as port:
        reading = await read(port, "a.test", expected=["192.0.2.1"])
    assert (reading.state, reading.error) == (State.UP, None)


async def test_a_server_that_refuses_edns_with_a_header_alone_is_asked_without() -> None:
    def answer(question: bytes, number: int) -> list[bytes]:
        header = question[:2] + b"\x80\x01" + bytes(8)
        return [header if has_edns(question) else reply(question)]

    async with respond(answer) as port:
        assert (await read(port, "a.test")).state is State.UP


async def test_a_server_that_refuses_edns_over_tcp_is_asked_without() -> None:
    async with respond_over_tcp(without_edns(dns.rcode.FORMERR)) as port:
        reading = await read(port, "a.test", tcp=True)
    assert (reading.state, reading.error) == (State.UP, None)


async def test_a_server_that_is_silent_to_edns_is_asked_without() -> None:
    async with respond(lambda question, _: [] if has_edns(question) else [reply(question)]) as port:
        reading = await read(port, "a.test", timeout_seconds=5)
    assert (reading.state, reading.error) == (State.UP, None)


async def test_a_failing_server_that_knows_edns_is_asked_once() -> None:
    asked = []

    def answer(question: bytes, number: int) -> list[bytes]:
        asked.append(question)
        return [refuse(question, dns.rcode.SERVFAIL, knows_edns=True)]

    async with respond(answer) as port:
        reading = await read(port, "a.test", timeout_seconds=9)
    assert (reading.state, reading.error, len(asked)) == (State.DOWN, "answers SERVFAIL to A of a.test", 1)


async def test_an_answer_to_the_first_try_counts_though_it_comes_after_the_second() -> None:
    asked: list[bytes] = []

    def answer(question: bytes, number: int) -> list[bytes]:
        asked.append(question)
        return [reply(asked[0])] if number == 2 else []

    async with respond(answer) as port:
        reading = await read(port, "a.test", timeout_seconds=5)
    assert reading.state is State.UP
    assert reading.round_trip_seconds is not None
    assert reading.round_trip_seconds > 0.5


async def is_told(port: int, words: str) -> bool:
    """Whether a short reading is down with these words; where the machine stood still, the next one is."""
    reading = await read(port, "a.test", timeout_seconds=0.3)
    assert reading.state is State.DOWN
    return (reading.error or "").startswith(words)


def without_question(question: bytes) -> bytes:
    response = respond_to(question)
    response.question.clear()
    return response.to_wire()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda question, _: [reply(question) + b"\0\0"], "with bytes after the end of the message"),
        (lambda question, _: [without_question(question)], "without the question section"),
        (lambda question, _: [question], "with a question instead of an answer"),
        (lambda question, _: [question[:2] + b"\x81\x80" + b"\xff" * 40], "with something that is no DNS message"),
        (lambda question, _: [b"\0" + reply(question)], "another question"),
        (
            lambda question, _: [refuse(question, dns.rcode.FORMERR)] if has_edns(question) else [],
            "FORMERR to a question with EDNS",
        ),
    ],
)
async def test_a_server_that_answers_wrongly_is_not_called_silent(answer: Respond, words: str) -> None:
    async with respond(answer) as port:
        await eventually(lambda: is_told(port, f"answers {words}, and nothing better came within 0.3 s"))


class Relayed(asyncio.DatagramProtocol):
    """A server that is asked at one address and answers from another socket."""

    def __init__(self, other: socket.socket) -> None:
        self._other = other

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._other.sendto(reply(data), addr)


@pytest.mark.parametrize(
    ("address", "words"), [("127.0.0.2", "another address, 127.0.0.2"), ("127.0.0.1", "another port, ")]
)
async def test_a_server_that_answers_from_elsewhere_is_not_called_silent(address: str, words: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((address, 0))
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Relayed(other), ("127.0.0.1", 0))
        await eventually(lambda: is_told(transport.get_extra_info("sockname")[1], f"answers from {words}"))
        transport.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda question, _: [reply(question) + b"\0\0"], "answers with bytes after the end of the message"),
        (lambda question, _: [without_question(question)], "answers without the question section"),
        (lambda *_: [], "hangs up before it has answered"),
    ],
)
async def test_over_tcp_the_reason_is_told_at_once(answer: Respond, words: str) -> None:
    async with respond_over_tcp(answer) as port:
        reading = await read(port, "a.test", tcp=True)
    assert (reading.state, reading.error) == (State.DOWN, words)


@pytest.mark.parametrize("length", [0, 3])
async def test_an_answer_that_is_cut_within_a_record_is_asked_for_over_tcp(length: int) -> None:
    def cut(question: bytes, number: int) -> list[bytes]:
        response = respond_to(question)
        response.flags |= dns.flags.TC
        whole = reply(question)
        return [response.to_wire()[:4] + whole[4 : len(whole) - length - 11]]

    async with respond_over_tcp(lambda question, _: [reply(question)]) as port, respond(cut, port=port):
        reading = await read(port, "a.test", expected=["192.0.2.1"])
    assert (reading.state, reading.error) == (State.UP, None)
