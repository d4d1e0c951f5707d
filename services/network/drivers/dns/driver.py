"""Reads name servers: asks each, the next of its addresses early, and holds the answer to what is expected."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import cast

from dashnet.reading import Reading, State
from services.network.drivers.attempts import connect_early
from services.network.drivers.dns.answers import check_answers
from services.network.drivers.dns.exchange import ask
from services.network.drivers.dns.options import NAME, DnsOptions
from services.network.drivers.driver import DeviceReads, ReadLimits, Target
from services.network.drivers.names import Names


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
        addresses = await self._names.resolve(target.ip_address)
        deadline = asyncio.get_running_loop().time() + options.timeout_seconds
        answer = await connect_early(addresses, partial(ask, options, deadline), options.timeout_seconds)
        check_answers(answer.response, options)
        return Reading(target.device_id, State.UP, None, None, answer.seconds, datetime.now(UTC))
