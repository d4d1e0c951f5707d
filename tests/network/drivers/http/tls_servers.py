"""Servers with TLS as devices have it: old, or asking who we are."""

import ssl

from tests.network.drivers.certificates import Identity


def make_server_tls(
    identity: Identity,
    *,
    version: ssl.TLSVersion | None = None,
    ciphers: str | None = None,
    clients: str | None = None,
    verify_mode: ssl.VerifyMode = ssl.CERT_REQUIRED,
) -> ssl.SSLContext:
    """TLS of this one version and these ciphers; `clients`: the file of the authority of clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    if ciphers is not None:
        context.set_ciphers(ciphers)
    if version is not None:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = version
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = verify_mode
    return context
