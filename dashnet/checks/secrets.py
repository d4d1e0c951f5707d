"""Looks, over the network service, at whether the stored secrets can be read."""

from typing import Any

import httpx

from dashnet.checks.check import LONGEST_SECONDS, Check, note, ok, problem
from dashnet.settings import Settings

_SHOWN_DEVICES = 5


async def check_secrets(settings: Settings) -> Check:
    """Whether every stored secret can be read with the keys of the network service."""
    try:
        async with httpx.AsyncClient(timeout=LONGEST_SECONDS, trust_env=False) as client:
            answer = await client.get(f"{settings.network_address}/secrets/")
        answer.raise_for_status()
        return judge_secrets(answer.json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return note("secrets", "not known: the network service does not tell")


def judge_secrets(summary: dict[str, Any]) -> Check:
    """What the network service's count of its secrets comes to."""
    stored, unreadable, fault = summary["stored"], summary["unreadable"], summary["fault"]
    if unreadable:
        ids = summary["unreadable_device_ids"]
        more = ", ..." if len(ids) > _SHOWN_DEVICES else ""
        devices = f"devices {', '.join(map(str, ids[:_SHOWN_DEVICES]))}{more}"
        detail = f"{unreadable:,} of {stored:,} cannot be read ({fault or 'encrypted with another key'}): {devices}"
        advice = "set DASHNET_SECRET_KEY, or what DASHNET_SECRET_KEY_FILE names, to the key of then, or give them anew"
        return problem("secrets", detail, advice)
    if fault:
        return note("secrets", f"none is stored, and none can be: {fault}")
    if summary["outdated"]:
        return note("secrets", f"{summary['outdated']:,} of {stored:,} wait for: dashnet secrets rotate")
    return ok("secrets", f"{stored:,} stored, all can be read")
