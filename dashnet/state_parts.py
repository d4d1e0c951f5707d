"""A `state` of /live that comes in parts, put together again for whoever wants it whole. Pure."""

from collections.abc import Mapping
from typing import Any


class StateParts:
    """Holds back the parts of a state until the last has come."""

    def __init__(self) -> None:
        self._state: dict[str, Any] | None = None

    def take(self, message: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the message, or the whole state in the place of its last part; None for the others.

        Raises:
            ValueError: something else comes in the middle of a state, so that a part is missing.
        """
        if message["type"] == "state":
            is_whole = message.get("complete_at", message["seq"]) <= message["seq"]
            self._state = None if is_whole else {**message, "devices": [*message["devices"]]}
            return message if is_whole else None
        if self._state is None or "seq" not in message:
            return message
        return self._add(self._state, message)

    def _add(self, state: dict[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if part["type"] != "inventory" or part["seq"] != state["seq"] + 1:
            raise ValueError("a part of a state is missing")
        state["seq"] = part["seq"]
        state["devices"] += part["changed"]
        if part["seq"] < state["complete_at"]:
            return None
        self._state = None
        del state["complete_at"]
        return state
