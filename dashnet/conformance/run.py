"""What `dashnet conformance` does: every check, one after the other, each told in a line as soon as it is done."""

import asyncio
import sys
from collections.abc import Iterator

from websockets.exceptions import WebSocketException

from dashnet.conformance.promises import CHECKS
from dashnet.conformance.server import NotAllowed, NotConforming, Server
from dashnet.live_address import live_address
from dashnet.settings import get_settings

LONGEST_SECONDS = 150


async def hold_to_protocol(url: str | None, password: str | None) -> int:
    """Print one line per promise of the page; 1 where any is not kept, else 0. `url` None is that of the settings.

    Raises:
        DashnetError: `url` is no address.
    """
    server = Server(live_address(url or get_settings().app_address).removesuffix("/live"), password)
    counts = {"ok": 0, "left out": 0, "FAILED": 0}
    for check in CHECKS:
        outcome, detail = "ok", ""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await check(server)
        except NotAllowed as error:
            outcome, detail = "left out", str(error)
        except (NotConforming, OSError, WebSocketException, KeyError, TypeError) as error:
            outcome, detail = "FAILED", str(error) or type(error).__name__
        counts[outcome] += 1
        promise = (check.__doc__ or check.__name__).splitlines()[0]
        sys.stdout.write("".join(f"{line}\n" for line in _to_lines(outcome, promise, detail)))
        sys.stdout.flush()
    print(f"{counts['ok']} kept, {counts['FAILED']} not kept, {counts['left out']} left out")  # noqa: T201
    return int(counts["FAILED"] > 0)


def _to_lines(outcome: str, promise: str, detail: str) -> Iterator[str]:
    yield f"{outcome:<8}  {promise}"
    if detail:
        yield f"          {detail}"
