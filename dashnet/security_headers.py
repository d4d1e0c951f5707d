"""What every answer of both services tells browsers: run nothing, guess nothing, frame nothing, and tell nobody.

A page that needs more has a `content-security-policy` of its own.
"""

import base64
import hashlib
import re
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ENDS = "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
_ANSWER_STARTS = ("http.response.start", "websocket.http.response.start")


def make_policy(*directives: str) -> str:
    """A content security policy that lets in what these directives say, such as `img-src 'self'`, and nothing else."""
    return "; ".join(("default-src 'none'", *directives, _ENDS))


SECURITY_HEADERS = {
    "content-security-policy": make_policy(),
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
}


def hash_inline(page: str, element: str) -> Sequence[str]:
    """Sources of a policy that let in the text of every such element, `script` or `style`, of a page of ours."""
    texts = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def make_style_policy(page: str) -> str:
    """The policy of a page that needs its own styles and nothing else."""
    return make_policy(f"style-src {' '.join(hash_inline(page, 'style'))}")


class AddSecurityHeaders:
    """ASGI middleware: the headers above in every answer that does not have its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] in _ANSWER_STARTS:
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
