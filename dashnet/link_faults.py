"""How a connection to /live failed: in words, and whether to come back."""

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode


def is_final(error: Exception) -> bool:
    """Whether the server said with its close code that coming back would change nothing."""
    code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else 0
    return code == CloseCode.POLICY_VIOLATION or 4500 <= code < 5000


def in_words(error: Exception) -> str:
    """What happened, for people."""
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, InvalidStatus):
        return f"it answered HTTP {error.response.status_code} instead of a websocket"
    if isinstance(error, ConnectionClosed):
        reason = error.rcvd.reason or f"code {error.rcvd.code}" if error.rcvd else "without a word"
        return f"the app service closed the connection ({reason})"
    return str(error) or type(error).__name__
