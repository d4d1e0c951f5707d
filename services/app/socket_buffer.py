"""What the kernel still holds of what was written to a socket: only with it can be seen how a slow client gets on."""

import asyncio
import fcntl
import struct
import termios


def count_unacknowledged(transport: asyncio.BaseTransport) -> int:
    """Bytes that the client's machine has not acknowledged; 0 where the system does not tell.

    The kernel asks for more only after it has got rid of a good part of its buffer, of megabytes perhaps, so the
    transport's own buffer may stand still for a minute though the client reads.
    """
    socket = transport.get_extra_info("socket")
    try:
        # On a socket this is SIOCOUTQ: https://man7.org/linux/man-pages/man7/tcp.7.html
        answer = fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, b"\0" * 4)
    except (AttributeError, OSError, ValueError):
        return 0  # it is closed, or no socket at all
    return int(struct.unpack("i", answer)[0])
