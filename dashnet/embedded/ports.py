"""Checks, before anything starts, that the services will get their addresses."""

import errno
import socket

from dashnet.errors import StackError
from dashnet.settings import Settings


def check_ports(settings: Settings) -> None:
    """Bind both service addresses for an instant.

    Raises:
        StackError: one cannot be bound; the text names the address and the setting that changes it.
    """
    network = (settings.network_host, settings.network_port)
    app = (settings.app_host, settings.app_port)
    if network[1] == app[1]:
        raise StackError(
            f"Network service and app service both have port {app[1]}: set DASHNET_NETWORK_PORT or DASHNET_APP_PORT "
            "to another one."
        )
    _check_address("NETWORK", *network)
    _check_address("APP", *app)


def _check_address(name: str, host: str, port: int) -> None:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise StackError(_explain(name, host, port, error)) from error
    failures = [failure for family, _, _, _, address in addresses if (failure := _bind(family, address)) is not None]
    # A host name may stand for IPv4 and IPv6 where only one of them works; but taken is taken.
    taken = [failure for failure in failures if failure.errno == errno.EADDRINUSE]
    if taken or len(failures) == len(addresses):
        cause = (taken or failures)[0]
        raise StackError(_explain(name, host, port, cause)) from cause


def _bind(family: int, address: object) -> OSError | None:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)  # type: ignore[arg-type]
    except OSError as error:
        return error
    return None


def _explain(name: str, host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program. Choose another one with DASHNET_{name}_PORT, "
            f"for example: DASHNET_{name}_PORT={port + 100 if port <= 65435 else 5100} make up"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} on {host} needs privileges. Set DASHNET_{name}_PORT to one from 1024 on."
    return (
        f"{host}:{port} is no address to bind to on this machine ({error.strerror}). "
        f"Set DASHNET_{name}_HOST, usually to 127.0.0.1."
    )
