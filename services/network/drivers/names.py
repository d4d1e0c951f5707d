"""From the address of a device, which may be a host name, to where packets go; and what the system says against it."""

import asyncio
import errno
import ipaddress
import os
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from dashnet.errors import DeviceFailure, DriverError, DriverFault

# Lookups block a thread each, some for long where a name server is gone: they get threads of their own.
_THREADS = 8
_RESOLVE_SECONDS = 5.0
_MOST_ADDRESSES = 4
_TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)
# Errors of a connection attempt that tell of this machine and not of the other one.
_OURS = {
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EACCES,
    errno.EPERM,
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
    errno.EINVAL,
    errno.ENOBUFS,
    errno.ENOMEM,
}


class Names:
    """Looks host names up as the rest of the system does, never longer than some seconds."""

    def __init__(self, timeout_seconds: float = _RESOLVE_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._threads = ThreadPoolExecutor(_THREADS, "resolve")

    async def resolve(self, host: str) -> Sequence[str]:
        """The IP addresses of `host` in the order to try them, at least one; an address is its own.

        Raises:
            DriverFault: there is none, or no answer in time.
        """
        if is_address(host):
            return [host]
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await loop.run_in_executor(self._threads, _look_up, host)
        except TimeoutError:
            raise DriverFault(f"the name {host} could not be resolved within {self._timeout_seconds:g} s") from None
        except (socket.gaierror, UnicodeError) as error:
            reason = error.strerror if isinstance(error, socket.gaierror) else error
            raise DriverFault(f"the name {host} cannot be resolved: {reason}") from None


@lru_cache(maxsize=16_384)
def is_address(host: str) -> bool:
    """Whether this is an IP address, IPv6 ones without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _look_up(host: str) -> Sequence[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))[:_MOST_ADDRESSES]


def to_driver_error(error: OSError, where: str) -> DriverError:
    """What an error of a socket says of the device: that it refuses, or that the fault is ours. `where`: `port 22`."""
    if error.errno in _TOO_MANY_FILES:
        return DriverFault("too many open files here: raise ulimit -n or lower DASHNET_DRIVER_CONCURRENCY")
    if error.errno == errno.ECONNREFUSED:
        return DeviceFailure(f"{where} refuses connections")
    reason = os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
    if error.errno in _OURS:
        return DriverFault(f"{where} cannot be reached from this machine: {reason}")
    return DeviceFailure(f"{where} cannot be reached: {reason}")
