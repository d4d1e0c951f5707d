"""The work of one run: who is there, what they are, how they are called, and what lies behind what."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import fields

from dashnet.errors import DriverError
from dashnet.hosts import is_own_address
from services.network.discovery import presence
from services.network.discovery.finding import Finding, Run
from services.network.discovery.models import DiscoveryCreate, FoundBy
from services.network.discovery.neighbours import own_addresses, read_gateways, read_neighbours
from services.network.discovery.pace import Pace, for_each
from services.network.discovery.parents import Place, find_parents
from services.network.discovery.reverse_names import ReverseNames
from services.network.discovery.scope import list_addresses, parse_network
from services.network.discovery.snmp import Answer, ask, check_snmp
from services.network.drivers.facts import Facts
from services.network.drivers.icmp import IcmpDriver
from services.network.drivers.internal_faults import FaultLog, ends_task
from services.network.soundness import clean_text, with_clean_facts

_PINGS_AT_ONCE, _CONNECTIONS_AT_ONCE, _SNMP_AT_ONCE, _NAMES_AT_ONCE = 512, 128, 64, 16
_NAMES_SECONDS = 60.0
_SHARED_FACTS = {one.name for one in fields(Facts)} & {one.name for one in fields(Finding)}
_Work = Callable[[str], Awaitable[None]]


class Explorer:
    """What runs share: the sockets for pings, which cannot be closed, and the name servers."""

    def __init__(self, icmp: IcmpDriver, names: ReverseNames, own_ports: Collection[int] = ()) -> None:
        self._icmp = icmp
        self._names = names
        self._own_ports = own_ports

    async def explore(self, run: Run, asked: DiscoveryCreate) -> None:
        """Fill `run`. What cannot be done here is noted, and the rest is done.

        Raises:
            DriverError: this machine cannot send to the network at all.
        """
        await _Exploration(self._icmp, self._names, run, asked, self._own_ports).explore()


class _Exploration:
    def __init__(
        self, icmp: IcmpDriver, names: ReverseNames, run: Run, asked: DiscoveryCreate, own_ports: Collection[int]
    ) -> None:
        self._icmp, self._names = icmp, names
        self._foreign_ports = [port for port in asked.tcp_ports if port not in own_ports]
        self._run, self._asked = run, asked
        self._addresses = list_addresses(parse_network(asked.network))
        self._pace = Pace(asked.packets_per_second)
        self._answers: dict[str, Answer] = {}
        self._unreached: DriverError | None = None
        self._unsent = 0
        self._faults = FaultLog()

    async def explore(self) -> None:
        blind = await self._look_who_is_there()
        await self._read_neighbours()
        if self._asked.credentials:
            # Where nobody could be pinged, silence says little.
            await self._ask_by_snmp(self._addresses if blind else [*self._run.found])
        try:
            self._find_macs_and_parents()
        except Exception as error:
            # Made of what devices say of each other.
            self._contain("", "finding parents", error)
        if self._asked.names:
            await self._look_up_names()
        self._run.stage, self._run.progress = "done", 1.0

    async def _look_who_is_there(self) -> bool:
        """Whether pings were not permitted."""
        why_not = presence.check_pings(self._icmp, self._addresses[0])
        if why_not is None:
            await self._do("pinging", (0.0, 0.3), self._addresses, self._ping, _PINGS_AT_ONCE)
            silent = [address for address in self._addresses if address not in self._run.found]
            if self._unsent == len(self._addresses) and self._unreached is not None:
                raise self._unreached
            await self._do("pinging the silent again", (0.3, 0.5), silent, self._ping, _PINGS_AT_ONCE)
            return False
        ports = ", ".join(map(str, self._asked.tcp_ports))
        self._run.note(f"no pings: {why_not}. Looked for an answer of the TCP ports {ports} instead")
        await self._do("connecting", (0.0, 0.5), self._addresses, self._connect, _CONNECTIONS_AT_ONCE)
        if self._unsent == len(self._addresses) and self._unreached is not None:
            raise self._unreached
        return True

    async def _do(
        self, stage: str, part: tuple[float, float], addresses: Sequence[str], work: _Work, at_once: int
    ) -> None:
        """Do this for these addresses while progress goes from one end of `part` to the other."""
        begin, end = part
        self._run.stage, done = stage, 0

        async def work_and_count(address: str) -> None:
            nonlocal done
            try:
                await work(address)
            except BaseException as error:
                self._contain(address, stage, error)
            done += 1
            self._run.progress = begin + (end - begin) * done / len(addresses)

        await for_each(addresses, work_and_count, min(at_once, len(addresses)))
        self._run.progress = end

    def _contain(self, address: str, stage: str, error: BaseException) -> None:
        """Keep a fault of ours to the address at which it came up."""
        if ends_task(error):
            raise error
        reason = self._faults.record(0, f"discovery ({stage})", error, *self._asked.credentials)
        self._run.note(reason)
        if address in self._run.found:
            self._run.found[address].error = reason

    async def _ping(self, address: str) -> None:
        await self._pace.wait()
        try:
            seconds = await presence.ping(self._icmp, address)
        except DriverError as error:
            self._unreached, self._unsent = error, self._unsent + 1
            return
        if seconds is not None:
            self._run.found[address] = Finding(address, FoundBy.PING, seconds)

    async def _connect(self, address: str) -> None:
        await self._pace.wait()
        try:
            # This machine's own addresses lead to the stack's own services.
            ports = self._foreign_ports if is_own_address(address) else self._asked.tcp_ports
            answer = await presence.connect(address, ports)
        except DriverError as error:
            self._unreached, self._unsent = error, self._unsent + 1
            return
        if answer is not None:
            self._run.found[address] = Finding(address, FoundBy.TCP, answer[0], answer[1])

    async def _read_neighbours(self) -> None:
        """Neighbours that answered ARP and nothing else are there too."""
        known = await read_neighbours(ipv6=":" in self._addresses[0])
        for address in set(self._addresses) & known.keys() - self._run.found.keys():
            self._run.found[address] = Finding(address, FoundBy.ARP)
        for address, mac in {**own_addresses(), **known}.items():
            if address in self._run.found:
                self._run.found[address].mac_address = mac

    async def _ask_by_snmp(self, addresses: Sequence[str]) -> None:
        why_not = check_snmp()
        if why_not is not None:
            self._run.note(why_not)
            return
        await self._do("asking by SNMP", (0.5, 0.9), addresses, self._ask_one, _SNMP_AT_ONCE)

    async def _ask_one(self, address: str) -> None:
        answer = await ask(address, self._asked.credentials, self._pace.wait)
        if answer is None:
            return
        finding = self._run.found.setdefault(address, Finding(address, FoundBy.SNMP))
        self._answers[address] = answer
        finding.error, finding.credential = answer.error, answer.credential
        finding.driver_options = answer.driver_options
        if answer.facts is not None:
            facts = with_clean_facts(answer.facts)
            for name in _SHARED_FACTS:
                setattr(finding, name, getattr(facts, name))

    def _find_macs_and_parents(self) -> None:
        found = self._run.found
        told = {address: mac for one in self._answers.values() for address, mac in one.surroundings.arp.items()}
        for address, finding in found.items():
            own = self._answers[address].surroundings.mac_addresses if address in self._answers else ()
            finding.mac_address = finding.mac_address or told.get(address) or next(iter(own), None)
        parents = find_parents([self._to_place(found[one]) for one in self._addresses if one in found], read_gateways())
        for address, parent in parents.items():
            found[address].parent_address = parent

    def _to_place(self, finding: Finding) -> Place:
        surroundings = self._answers.get(finding.address, Answer()).surroundings
        macs = dict.fromkeys([*surroundings.mac_addresses, *filter(None, [finding.mac_address])])
        return Place(finding.address, [*macs], finding.system_name, finding.device_type, surroundings.neighbours)

    async def _look_up_names(self) -> None:
        why_not = self._names.why_not()
        if why_not is not None:
            self._run.note(why_not)
            return
        try:
            async with asyncio.timeout(_NAMES_SECONDS):
                found = [*self._run.found]
                await self._do("asking for names", (0.9, 1.0), found, self._look_up_one, _NAMES_AT_ONCE)
        except TimeoutError:
            self._run.note(f"not all names were asked for: the name servers took longer than {_NAMES_SECONDS:g} s")

    async def _look_up_one(self, address: str) -> None:
        name = await self._names.look_up(address)
        self._run.found[address].name = name and clean_text(name)
