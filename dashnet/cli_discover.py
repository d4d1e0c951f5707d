"""`dashnet discover`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dashnet.discovery.credentials import DEMO_CREDENTIALS, SNMP_PORT, SnmpUser, is_loopback, make_credentials

_V3 = "SNMPv3"
Network = Annotated[str, typer.Argument(help="A network such as 192.168.1.0/24, 4,096 addresses at the most.")]
Communities = Annotated[
    list[str] | None,
    typer.Option("--community", envvar="DASHNET_DISCOVER_COMMUNITY", help="SNMP community to try; may be repeated."),
]


def discover(
    network: Network,
    community: Communities = None,
    snmp_user: Annotated[str | None, typer.Option(help="User to try.", rich_help_panel=_V3)] = None,
    snmp_auth_key: Annotated[
        str | None,
        typer.Option(
            envvar="DASHNET_DISCOVER_AUTH_KEY",
            help="Password that signs, 8 characters or more.",
            rich_help_panel=_V3,
        ),
    ] = None,
    snmp_auth_protocol: Annotated[
        str | None, typer.Option(help="SHA1, SHA224, SHA256 (without it), SHA384 or SHA512.", rich_help_panel=_V3)
    ] = None,
    snmp_priv_key: Annotated[
        str | None,
        typer.Option(envvar="DASHNET_DISCOVER_PRIV_KEY", help="Password that encrypts.", rich_help_panel=_V3),
    ] = None,
    snmp_priv_protocol: Annotated[
        str | None,
        typer.Option(help="AES128 (without it), AES192, AES256, AES192C or AES256C.", rich_help_panel=_V3),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="UDP port of the agents.")] = SNMP_PORT,
    names: Annotated[bool, typer.Option(help="Ask name servers for names.")] = True,
    rate: Annotated[int, typer.Option(min=10, max=2048, help="Packets per second at the most.")] = 256,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead, and ask nothing.")] = False,
    add: Annotated[
        str | None, typer.Option(help="Add these without asking: all, none, snmp, or numbers such as 1,3-5.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Write them (all without --add) to a YAML file instead, without secrets."),
    ] = None,
) -> None:
    """Look who is in a network: pings, names, MAC addresses, and by SNMP what they are and what lies behind what.

    Nothing is added by itself: a table at the end, and a question where somebody can answer. Secrets are better given
    as environment variables (DASHNET_DISCOVER_COMMUNITY, _AUTH_KEY, _PRIV_KEY) than on a command line that others see.
    """
    from dashnet.discovery.command import Wishes, discover

    if snmp_user is None and (snmp_auth_protocol or snmp_priv_protocol):
        raise typer.BadParameter("is needed with the other options of SNMPv3", param_hint="--snmp-user")
    user = None
    if snmp_user is not None:
        user = SnmpUser(snmp_user, snmp_auth_protocol, snmp_auth_key, snmp_priv_protocol, snmp_priv_key)
    credentials = make_credentials(community or [], user, port)
    if not credentials and is_loopback(network):
        typer.echo("these are this machine's own addresses: asking the agents of `dashnet demo agents` too", err=True)
        credentials = DEMO_CREDENTIALS
    asked: dict[str, Any] = {
        "network": network,
        "credentials": credentials,
        # No name server knows this machine's own.
        "names": names and not is_loopback(network),
        "packets_per_second": rate,
    }
    ask = _ask if sys.stdin.isatty() and sys.stdout.isatty() else None
    asyncio.run(discover(asked, Wishes(add, output, json), ask))


def _ask(question: str) -> str:
    answer: str = typer.prompt(question, default="none")
    return answer
