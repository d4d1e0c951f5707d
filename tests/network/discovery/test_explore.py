"""Discoveries of real agents and hosts: loopback addresses, Debian's snmpd, namespaces."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.message
import dns.rrset
import pytest

from dashnet.errors import DriverError
from services.network.demo_agents.main import run_agents
from services.network.discovery import presence
from services.network.discovery.models import FoundBy
from services.network.discovery.reverse_names import ReverseNames
from services.network.discovery.snmp import ask
from services.network.drivers.snmp.options import SnmpOptions
from tests.network.discovery.runs import explore
from tests.network.discovery.star import IPV6_NETWORK, NETWORK, make_star
from tests.network.drivers.agent import run_agent
from tests.network.drivers.lonely import ROOT, WITHOUT_RAW, needs_namespaces
from tests.network.drivers.namespaces import run_inside
from tests.network.drivers.snmp.test_snmpd import KEYS, make_driver, until_up
from tests.network.drivers.snmpd import run_snmpd
from tests.ports import free_udp_port

COUNT = 11


@pytest.fixture(scope="module")
async def agents() -> AsyncIterator[int]:
    """The port of agents at 127.0.0.2 to 127.0.0.12."""
    port = free_udp_port()
    async with run_agents(COUNT, port, "public", 2020):
        yield port


async def test_the_agents_of_the_demo_are_found_with_what_they_are_and_what_they_lie_behind(agents: int) -> None:
    run = await explore("127.0.0.0/28", credentials=[{"community": "public", "port": agents}])
    assert (run.progress, run.stage, run.notes, len(run.found)) == (1.0, "done", [], 14)
    answered = {address: one for address, one in run.found.items() if one.credential == 0}
    assert answered.keys() == {f"127.0.0.{number}" for number in range(2, COUNT + 2)}
    switch = answered["127.0.0.3"]
    assert (switch.system_name, switch.device_type, switch.serial) == ("demo-switch-2", "Switch", "DEMO0002")
    assert (switch.operating_system, switch.mac_address) == ("Linux 6.6", "02:DA:5E:A6:01:00")
    parents = {address: one.parent_address for address, one in run.found.items()}
    behind_the_switch = {f"127.0.0.{number}": "127.0.0.3" for number in range(4, 12)}
    behind_the_router = dict.fromkeys(("127.0.0.3", "127.0.0.12"), "127.0.0.2")
    assert parents == dict.fromkeys(("127.0.0.1", "127.0.0.2", "127.0.0.13", "127.0.0.14")) | {
        **behind_the_router,
        **behind_the_switch,
    }


async def test_credentials_are_tried_in_their_order_and_a_wrong_one_finds_nobody(agents: int) -> None:
    wrong, right = ({"community": name, "port": agents, "timeout_seconds": 0.2} for name in ("wrong", "public"))
    run = await explore("127.0.0.2", credentials=[wrong, right])
    assert [one.credential for one in run.found.values()] == [1]
    assert [one.driver_options for one in run.found.values()] == [{"port": agents, "timeout_seconds": 0.2}]
    run = await explore("127.0.0.2", credentials=[wrong])
    (found,) = run.found.values()
    assert (found.found_by, found.credential, found.error) == (FoundBy.PING, None, None)


async def test_an_agent_that_answers_garbage_or_only_half_is_found_all_the_same() -> None:
    async with run_agent(garble=lambda answer: answer[:10]) as agent:
        run = await explore("127.0.0.1", credentials=[{"community": "public", "port": agent.port, "retries": 0}])
    assert [one.credential for one in run.found.values()] == [None]
    async with run_agent(broken="1.3.6.1.2.1.2.2.1.6.1") as agent:
        run = await explore("127.0.0.1", credentials=[{"community": "public", "port": agent.port}])
    assert [(one.credential, one.system_name) for one in run.found.values()] == [(0, "agent")]


async def test_snmpd_is_found_by_version_3_and_wrong_keys_are_told_without_a_key(tmp_path: Path) -> None:
    port = free_udp_port()
    right = {"version": "3", "user": "crypts", "port": port, **KEYS}
    with run_snmpd(tmp_path, port):
        await until_up(make_driver(), port)
        found = await explore("127.0.0.1", credentials=[right])
        refused = await explore("127.0.0.1", credentials=[{**right, "auth_key": "wrong-password"}])
    (one,) = found.found.values()
    assert (one.credential, one.system_name, one.device_type) == (0, "tester", "Server")
    assert one.driver_options == {"version": "3", "user": "crypts", "port": port}
    (one,) = refused.found.values()
    assert one.credential is None
    assert "refuses user crypts" in str(one.error)
    assert "password" not in str(one.error)


async def test_names_are_asked_of_the_name_server() -> None:
    """A name server of the test's own that knows one of two addresses, and answers nothing about the other."""

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, message: bytes, sender: tuple[str, int]) -> None:
            question = dns.message.from_wire(message)
            if question.question[0].name.to_text() == "1.0.0.127.in-addr.arpa.":
                answer = dns.message.make_response(question)
                name = question.question[0].name
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "PTR", "this.machine.test."))
                self.transport.sendto(answer.to_wire(), sender)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Server, ("127.0.0.1", 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    try:
        run = await explore("127.0.0.0/30", ReverseNames(resolver))
    finally:
        transport.close()
    assert {one.address: one.name for one in run.found.values()} == {
        "127.0.0.1": "this.machine.test",
        "127.0.0.2": None,
    }


async def test_hosts_of_a_network_have_their_mac_addresses_and_one_that_is_mute_is_found_by_arp() -> None:
    with make_star() as star:
        run = await asyncio.to_thread(run_inside, star.middle, lambda: explore(NETWORK))
    hosts = {address: one for address, one in run.found.items() if address in star.macs}
    assert {address: one.mac_address for address, one in hosts.items()} == star.macs
    assert {address for address, one in run.found.items() if one.found_by is FoundBy.ARP} == {star.mute}
    own = {f"198.18.0.{number}" for number in (1, 5, 9)}
    assert own <= run.found.keys()
    assert all(run.found[address].mac_address for address in own)
    assert not run.found.keys() & {"198.18.0.13", "198.18.0.14"}


async def test_hosts_of_an_ipv6_network_have_their_mac_addresses() -> None:
    with make_star() as star:
        if not star.has_ipv6:
            pytest.skip("no IPv6 on this machine")
        run = await asyncio.to_thread(run_inside, star.middle, lambda: explore(IPV6_NETWORK))
    assert run.found.keys() == {"fd00:5e::1", "fd00:5e::2"}
    assert run.found["fd00:5e::2"].mac_address == star.macs["198.18.0.2"]


async def test_an_address_that_nothing_can_be_sent_to_has_not_answered() -> None:
    async def turn() -> None:
        """Whose turn it is makes no difference here."""

    options = SnmpOptions.model_validate({"community": "public", "retries": 0, "timeout_seconds": 0.5})
    with make_star() as star:
        assert await asyncio.to_thread(run_inside, star.middle, lambda: ask("198.18.1.1", [options], turn)) is None


async def test_a_network_that_this_machine_cannot_send_to_is_an_error_that_says_so() -> None:
    """In a namespace without any route."""
    with make_star() as star:
        with pytest.raises(DriverError, match="cannot be reached from this machine: Network is unreachable"):
            await asyncio.to_thread(run_inside, star.middle, lambda: explore("198.18.1.0/30"))


@needs_namespaces
def test_without_permission_to_ping_ports_are_tried_and_it_says_so() -> None:
    command = ("unshare", "--map-root-user", "--net", *WITHOUT_RAW, sys.executable)
    module = ("-m", "tests.network.discovery.lonely_discovery", "127.0.0.0/30")
    done = subprocess.run([*command, *module], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)
    told = json.loads(done.stdout)
    assert told["found"] == [["127.0.0.1", "tcp", True], ["127.0.0.2", "tcp", False]]
    (note,) = told["notes"]
    assert "no pings: ICMP is not permitted to this process" in note
    assert "Looked for an answer of the TCP ports" in note


class BrokenNames(ReverseNames):
    """Fails at one address, and finds for the others what JSON has no place for."""

    def why_not(self) -> str | None:
        return None

    async def look_up(self, address: str) -> str | None:
        return f"host\udcff.{1 // (int(address.rpartition('.')[2]) - 2)}"


async def test_a_fault_of_ours_at_one_address_is_noted_and_costs_no_other_its_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = await explore("127.0.0.0/29", BrokenNames())
    reason = "internal fault of driver discovery (asking for names); see the network service's log"
    assert (run.stage, run.notes) == ("done", [reason])
    assert {address: (one.name, one.error) for address, one in run.found.items() if one.error} == {
        "127.0.0.2": (None, reason)
    }
    assert run.found["127.0.0.3"].name == "host\ufffd.1"
    assert caplog.text.count("ZeroDivisionError") == 1


async def test_the_stack_is_not_asked_at_its_own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "check_pings", lambda *_: "not here")
    with socket.create_server(("127.0.0.1", 0)) as ours, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [server.getsockname()[1] for server in (ours, other)]
        run = await explore("127.0.0.1", own_ports=ports[:1], tcp_ports=ports)
        ours.setblocking(False)
        with pytest.raises(BlockingIOError):
            ours.accept()
    assert [one.tcp_port for one in run.found.values()] == ports[1:]
