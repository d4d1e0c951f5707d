"""Every code that ends a websocket of the app service; docs/protocol.md and the AsyncAPI document list the same."""

from enum import IntEnum
from typing import Self


class CloseCode(IntEnum):
    """The reason a socket ends: when that is, in words, and whether a client may reconnect."""

    meaning: str
    may_reconnect: bool

    def __new__(cls, code: int, meaning: str, may_reconnect: bool = True) -> Self:
        """One code with what there is to know about it."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.may_reconnect = may_reconnect
        return member

    GOING_AWAY = 1001, "the service stops"
    PROTOCOL_ERROR = 1002, "what you sent is no websocket frame"
    INVALID_TEXT = 1007, "a text of yours is not UTF-8"
    POLICY_VIOLATION = 1008, "a page of a foreign origin (seen as 403 at the handshake)", False
    MESSAGE_TOO_BIG = 1009, "a message of yours was over 64 KiB; send less"
    INTERNAL_ERROR = 1011, "you had taken all and answered no ping for 20 seconds, or the service has a fault"
    SERVICE_RESTART = 1012, "the service stops or is being restarted"
    TRY_AGAIN_LATER = 1013, "no state is at hand: Redis or Postgres is out of reach; or views name too many devices"
    TOO_SLOW = 4008, "you took nothing, or hardly anything, for `DASHNET_SUBSCRIBER_STALL_SECONDS`"
    WRONG_PASSWORDS = 4009, "you sent too many wrong passwords; wait a minute before you send another"
    BAD_ADDRESS = 4500, "the query of your address asks for a view that there cannot be", False
