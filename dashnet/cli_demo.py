"""`dashnet demo`."""

import asyncio
from typing import Annotated

import typer

from dashnet.demo_agents import COMMUNITY, MOST_AGENTS, PORT

demo_app = typer.Typer(help="Play with what is simulated.", no_args_is_help=True)


@demo_app.command("backfill")
def backfill(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back, from today.")] = 90,
    wait: Annotated[bool, typer.Option(help="Follow it until it is written.")] = True,
) -> None:
    """Give the simulated fleet a past, as if it had been watched all the time. What is there already stays."""
    from dashnet.demo_command import request_backfill

    asyncio.run(request_backfill(days, wait=wait))


@demo_app.command("agents")
def agents(
    count: Annotated[int, typer.Option(min=1, max=MOST_AGENTS, help="How many, from 127.0.0.2 on.")] = 6,
    port: Annotated[int, typer.Option(min=1, max=65535, help="UDP port of each.")] = PORT,
    community: Annotated[str, typer.Option(help="Community that they answer to.")] = COMMUNITY,
) -> None:
    """Start small simulated SNMP agents on this machine, to rehearse discovery and SNMP; Ctrl-C stops them."""
    from dashnet.demo_agents import run_agents

    run_agents(count, port, community)
