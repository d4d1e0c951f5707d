"""TLS of the driver `http`: with the roots of this system, or as old and unverified as a device may be."""

import ssl
from collections.abc import Callable, Sequence
from typing import Any

import certifi

# Everything OpenSSL still has: TLS 1.0, exchange of keys by RSA, short keys, SHA-1.
_OLD_CIPHERS = "ALL:!eNULL:!aNULL:!PSK:!SRP:@SECLEVEL=0"
_LEGACY_SERVER_CONNECT = 0x4
_HANDSHAKE, _CERTIFICATE_REQUEST = 22, 13
_DER = 2


def make_tls(verify: bool) -> ssl.SSLContext:
    """Return what connections are encrypted with. Takes tens of milliseconds.

    With verification: the roots of the system, where a company keeps its own, and those of certifi, for systems that
    have none. Without: any version and cipher, as what is not verified is not safe anyway, and old devices have no
    others.
    """
    if not verify:
        return _make_old_tls()
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def make_watching_tls(on_request: Callable[[], None]) -> ssl.SSLContext:
    """As without verification; calls `on_request` when a server asks for a client certificate."""
    context = _make_old_tls()

    def watch(_connection: object, direction: str, _version: object, content: int, kind: int, _data: bytes) -> None:
        if direction == "read" and content == _HANDSHAKE and kind == _CERTIFICATE_REQUEST:
            on_request()

    # Python has no public way to see that; where this one is gone, nothing is seen.
    if hasattr(context, "_msg_callback"):
        context._msg_callback = watch
    return context


def _make_old_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.options |= _LEGACY_SERVER_CONNECT
    context.set_ciphers(_OLD_CIPHERS)
    # TLSv1 by number: the name is deprecated, which is the point here.
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context


def list_chain(tls: ssl.SSLObject) -> list[bytes]:
    """Return the server's certificate and those above it, as DER.

    The chain that was verified, else all that the server sent. Python before 3.13 has it in private alone; without
    that it is the server's own certificate.
    """
    name = "get_verified_chain" if tls.context.verify_mode == ssl.CERT_REQUIRED else "get_unverified_chain"
    find: Callable[[], Sequence[Any] | None] | None = getattr(tls, name, None)
    find = find or getattr(getattr(tls, "_sslobj", None), name, None)
    chain = find() if find is not None else None
    if chain:
        return [one if isinstance(one, bytes) else one.public_bytes(_DER) for one in chain]
    own = tls.getpeercert(binary_form=True)
    return [own] if own else []


def explain_tls(error: OSError) -> str:
    """Return what an error of TLS says of the server."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {reason_of(error).lower().replace('_', ' ') or 'the handshake failed'}"
    return "no TLS: the server breaks the connection off"


def reason_of(error: OSError | None) -> str:
    """Return OpenSSL's name of an error, such as `SSLV3_ALERT_HANDSHAKE_FAILURE`; empty where it has none."""
    return str(getattr(error, "reason", None) or "") if isinstance(error, ssl.SSLError) else ""
