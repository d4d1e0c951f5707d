"""Questions about the past, as tests ask them."""

from datetime import datetime
from typing import Any

import httpx

from dashnet.reading import to_wire


async def ask(app: httpx.AsyncClient, path: str, begin: datetime, end: datetime, **more: str | int) -> Any:
    """The answer to a question about a range, which must be a good one."""
    answer = await app.get(path, params={"from": to_wire(begin), "to": to_wire(end), **more})
    assert answer.status_code == 200, answer.text
    return answer.json()
