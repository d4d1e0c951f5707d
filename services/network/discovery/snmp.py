"""Asks an address by SNMP what it is and who is beside it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dashnet.errors import DeviceTimeout, DriverError, DriverFault
from services.network.discovery.snmp_tables import Surroundings, read_surroundings
from services.network.drivers.facts import Facts
from services.network.drivers.secret_words import blot_out
from services.network.drivers.snmp.facts import read_facts
from services.network.drivers.snmp.options import SnmpOptions
from services.network.drivers.snmp.sizes import Sizes

if TYPE_CHECKING:
    from services.network.drivers.snmp.session import Session

_REQUEST_SECONDS, _RETRIES = 1.0, 1
# An agent with large tables may be slow; without its neighbours it still is found.
_SURROUNDINGS_SECONDS = 20.0
_FACTS_SECONDS = 15.0
_SECRETS = {"community", "auth_key", "priv_key"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device said, and which of the credentials it answered to; without facts `error` says what it refused."""

    credential: int | None = None
    driver_options: dict[str, Any] = field(default_factory=dict)
    facts: Facts | None = None
    surroundings: Surroundings = field(default_factory=Surroundings)
    error: str | None = None


def check_snmp() -> str | None:
    """Why this process cannot ask at all; null where it can."""
    try:
        import gufo.snmp  # noqa: F401
    except ImportError:
        return "there is no SNMP on this platform: gufo-snmp has no wheel for it"
    return None


async def ask(address: str, credentials: Sequence[SnmpOptions], turn: Callable[[], Awaitable[None]]) -> Answer | None:
    """The first answer to one of these credentials; null where there is none to any. `turn` is awaited before each."""
    error = None
    for number, options in enumerate(credentials):
        await turn()
        try:
            return await _ask(address, number, options)
        except DeviceTimeout:
            continue
        except DriverFault as fault:
            if isinstance(fault.__cause__, OSError):
                # Nothing could be sent, so nobody has answered.
                continue
            error = error or blot_out(fault.detail, options)
    return None if error is None else Answer(error=error)


async def _ask(address: str, number: int, options: SnmpOptions) -> Answer:
    from services.network.drivers.snmp.session import Session

    quick = {"timeout_seconds": _REQUEST_SECONDS, "retries": _RETRIES}
    left_out = {name: value for name, value in quick.items() if name not in options.model_fields_set}
    asked = options.model_copy(update=left_out)
    session = Session(address, asked, Sizes())
    try:
        facts = await _read_facts(session)
        error, surroundings = await _read_surroundings(session)
    finally:
        session.close()
    plain = options.model_dump(mode="json", exclude_unset=True, exclude=_SECRETS)
    return Answer(number, plain, facts, surroundings, error)


async def _read_facts(session: "Session") -> Facts:
    try:
        async with asyncio.timeout(_FACTS_SECONDS):
            await session.open()
            return await read_facts(session)
    except TimeoutError as timeout:
        raise DeviceTimeout(f"no answer within {_FACTS_SECONDS:g} s") from timeout


async def _read_surroundings(session: "Session") -> tuple[str | None, Surroundings]:
    try:
        async with asyncio.timeout(_SURROUNDINGS_SECONDS):
            return None, await read_surroundings(session)
    except (TimeoutError, DriverError):
        return "answers SNMP, but did not tell of its neighbours in time", Surroundings()
