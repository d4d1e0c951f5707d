"""Who waits for a fresh state: hubs put subscribers in, the caretaker takes them out."""

import asyncio

from services.app.subscriber import Subscriber
from services.app.views import View


class Due:
    """Subscribers that a state is to be made for."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()
        self._is_any = asyncio.Event()

    def add(self, subscriber: Subscriber) -> None:
        """Have a state made for it, soon."""
        self._subscribers.add(subscriber)
        self._is_any.set()

    def discard(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        self._subscribers.discard(subscriber)

    async def take(self) -> dict[View | None, list[Subscriber]]:
        """Wait until there are any, and take all of them, by view."""
        await self._is_any.wait()
        self._is_any.clear()
        taken, self._subscribers = self._subscribers, set()
        by_view: dict[View | None, list[Subscriber]] = {}
        for subscriber in taken:
            by_view.setdefault(subscriber.view, []).append(subscriber)
        return by_view
