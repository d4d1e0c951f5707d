"""Every code with which a websocket of the app service is closed; docs/protocol.md shows the same list."""

from enum import IntEnum


class CloseCode(IntEnum):
    """The reason a socket ends. After all but POLICY_VIOLATION and BAD_ADDRESS a client may reconnect."""

    GOING_AWAY = 1001
    """The service stops; reconnect, with a growing pause."""

    POLICY_VIOLATION = 1008
    """A page of a foreign origin; do not reconnect. (The handshake is refused with 403 before that.)"""

    MESSAGE_TOO_BIG = 1009
    """A message over 64 KiB; reconnect and send less."""

    INTERNAL_ERROR = 1011
    """A fault of the service, or no ping of it was answered; reconnect, with a growing pause."""

    SERVICE_RESTART = 1012
    """The service is being restarted; reconnect."""

    TRY_AGAIN_LATER = 1013
    """No state is at hand yet, because Redis or Postgres is out of reach; reconnect, with a growing pause."""

    TOO_SLOW = 4008
    """The subscriber took nothing for `DASHNET_SUBSCRIBER_STALL_SECONDS`; reconnect for a fresh state."""

    BAD_ADDRESS = 4500
    """The query of the address asks for a view that there cannot be; do not reconnect with it."""
