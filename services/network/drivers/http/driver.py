"""Reads pages: one visit each, on connections of its own, with nothing kept from one reading to the next."""

import asyncio
import math
import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from dashnet.errors import DeviceTimeout
from dashnet.reading import Reading, State
from services.network.drivers.driver import DeviceReads, ReadLimits, Target
from services.network.drivers.http.addresses import parse_address, root_of
from services.network.drivers.http.credentials import Credentials, DigestServers
from services.network.drivers.http.options import NAME, HttpOptions
from services.network.drivers.http.redirects import Endpoint, Guard
from services.network.drivers.http.tls import make_tls
from services.network.drivers.http.visit import Visit
from services.network.drivers.names import Names

# A page with TLS costs a millisecond of CPU; with more of them at a time each would measure how busy we are.
_SHARE_OF_TURNS = 0.25


class HttpDriver:
    """Asks for one page per device: no cookies of earlier readings, no proxy.

    `own`: the services of this stack, which no redirect may reach.
    """

    name = NAME

    def __init__(self, names: Names, limits: ReadLimits, own: Collection[Endpoint] = ()) -> None:
        self._names = names
        self._guard = Guard(names, own)
        fewer = replace(limits, concurrency=math.ceil(limits.concurrency * _SHARE_OF_TURNS))
        self._reads = DeviceReads(self._read_one, fewer)
        self._tls: dict[bool, ssl.SSLContext] = {}
        self._digest_servers = DigestServers()
        self._making_tls = asyncio.Lock()

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        """One reading per target, in their order."""
        return await self._reads.read(targets)

    async def _read_one(self, target: Target) -> Reading:
        options = cast(HttpOptions, target.options)
        page = parse_address(options.url) if options.url is not None else root_of(target.ip_address)
        credentials = Credentials(options, page, self._digest_servers)
        visit = Visit(options, self._names, self._guard, self._get_tls, credentials)
        try:
            async with asyncio.timeout(options.timeout_seconds):
                seconds, warning = await visit.check(page)
        except TimeoutError:
            raise DeviceTimeout(visit.hint or f"no whole answer within {options.timeout_seconds:g} s") from None
        return Reading(target.device_id, State.UP, None, None, seconds, datetime.now(UTC), warning)

    async def _get_tls(self, verify: bool) -> ssl.SSLContext:
        if verify in self._tls:
            return self._tls[verify]
        async with self._making_tls:
            if verify not in self._tls:
                self._tls[verify] = await asyncio.to_thread(make_tls, verify)
        return self._tls[verify]
