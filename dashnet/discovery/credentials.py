"""Credentials as a command line gives them, in the words of driver `snmp`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from dashnet.demo_agents import COMMUNITY, PORT

SNMP_PORT = 161
SECRETS = ("community", "auth_key", "priv_key")
# Those of `dashnet demo agents`.
DEMO_CREDENTIALS: list[dict[str, Any]] = [{"community": COMMUNITY, "port": PORT}]


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """A user of version 3; what is null is not given."""

    name: str
    auth_protocol: str | None = None
    auth_key: str | None = None
    priv_protocol: str | None = None
    priv_key: str | None = None


def make_credentials(communities: Sequence[str], user: SnmpUser | None, port: int | None) -> list[dict[str, Any]]:
    """What to try, in this order: the communities, then the user."""
    where = {} if port in (None, SNMP_PORT) else {"port": port}
    credentials: list[dict[str, Any]] = [{"community": name, **where} for name in communities]
    if user is not None:
        given = {name: getattr(user, name) for name in ("auth_protocol", "auth_key", "priv_protocol", "priv_key")}
        known = {name: value for name, value in given.items() if value is not None}
        credentials.append({"version": "3", "user": user.name, **known, **where})
    return credentials


def is_loopback(network: str) -> bool:
    """Whether these are a machine's own addresses."""
    try:
        return ip_network(network.strip(), strict=False).is_loopback
    except ValueError:
        return False


def to_variables(credentials: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same with variables such as `${SNMP_COMMUNITY}`, `${SNMP_COMMUNITY_2}` in the place of secrets."""
    return [
        {name: _to_variable(name, number) if name in SECRETS else value for name, value in credential.items()}
        for number, credential in enumerate(credentials, start=1)
    ]


def _to_variable(name: str, number: int) -> str:
    return f"${{SNMP_{name.upper()}{'' if number == 1 else f'_{number}'}}}"
