"""Digest authentication: what a server asks for, read tolerantly; httpx makes the answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

# Those that httpx knows.
_ALGORITHMS = {"MD5", "SHA", "SHA-256", "SHA-512"}
# A quote that nothing closes goes to the end.
_FIELD = re.compile(r'(?<![\w-])([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|\Z)|([^\s,"]*))', re.ASCII)
# A word that no equals sign follows.
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][A-Za-z-]*)(?=\s*(?:,|$)|\s+[^\s=,])")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)')
_UNAUTHORIZED = 401
_MOST_CHALLENGES, _MOST_CHARACTERS = 20, 4096


@dataclass(frozen=True, slots=True)
class Challenge:
    """A digest that a server asks for; quoted characters stay quoted."""

    realm: str
    nonce: str
    algorithm: str
    opaque: str | None
    has_qop: bool

    @property
    def is_known(self) -> bool:
        """Whether it can be answered here."""
        return self.algorithm.upper().removesuffix("-SESS") in _ALGORITHMS

    def answer(self, method: str, url: str, username: str, password: str) -> str:
        """Return the header Authorization for a request."""
        flow = httpx.DigestAuth(username, password).auth_flow(httpx.Request(method, url))
        headers = {b"WWW-Authenticate": self._header.encode()}
        answered = flow.send(httpx.Response(_UNAUTHORIZED, headers=headers, request=next(flow)))
        return answered.headers["Authorization"]

    @property
    def _header(self) -> str:
        opaque = f', opaque="{self.opaque}"' if self.opaque else ""
        quality = ', qop="auth"' if self.has_qop else ""
        return f'Digest realm="{self.realm}", nonce="{self.nonce}", algorithm={self.algorithm}{opaque}{quality}'


def find_challenge(values: Sequence[str]) -> Challenge | None:
    """Return the digest that the headers WWW-Authenticate ask for; the strongest known one where there are several."""
    found = [_to_challenge(text) for scheme, text in _split_all(values) if scheme == "digest"]
    known = [challenge for challenge in found if challenge.is_known] or found
    return max(known, key=lambda one: (one.algorithm.upper().startswith("SHA-"), one.algorithm), default=None)


def list_schemes(values: Sequence[str]) -> list[str]:
    """Return the names of the ways to authenticate that a server offers, such as `digest`."""
    return list(dict.fromkeys(scheme for scheme, _ in _split_all(values)))


def _split_all(values: Sequence[str]) -> list[tuple[str, str]]:
    return [pair for value in values[:_MOST_CHALLENGES] for pair in _split(value[:_MOST_CHARACTERS])]


def _split(value: str) -> list[tuple[str, str]]:
    """Each scheme in a header with its fields; a header may hold several."""
    value = "".join(one for one in value if one.isprintable()).rstrip("\\")
    blanked = _QUOTED.sub(lambda quoted: '"' * len(quoted[0]), value)
    starts = [(found.start(1), found[1]) for found in _SCHEME.finditer(blanked)]
    ends = [*(start for start, _ in starts), len(value)][1:]
    return [(name.lower(), value[start + len(name) : end]) for (start, name), end in zip(starts, ends, strict=True)]


def _to_challenge(text: str) -> Challenge:
    fields = {found[1].lower(): found[2] if found[2] is not None else found[3] for found in _FIELD.finditer(text)}
    qualities = [one.strip().lower() for one in fields.get("qop", "").split(",")]
    # A digest of the whole request (auth-int) is asked for by next to nobody, and unknown to httpx.
    can_be_answered = "auth" in qualities or not any(qualities)
    return Challenge(
        realm=fields.get("realm", ""),
        nonce=fields.get("nonce", ""),
        algorithm=(fields.get("algorithm") or "MD5") if can_be_answered else "auth-int",
        opaque=fields.get("opaque"),
        has_qop="auth" in qualities,
    )
