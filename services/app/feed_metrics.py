"""What Prometheus is told of the live feeds of this process."""

import asyncio

from prometheus_client import Counter, Gauge, Histogram

from services.app.caretaker import Caretaker
from services.app.hub import Hub

UPDATE_SECONDS = 1.0

RELAY_LAG = Histogram(
    "dashnet_relay_lag_seconds",
    "From PUBLISH, by the clock of Redis, to the publication being written to every subscriber that takes it",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
PUBLICATIONS = Counter("dashnet_publications_total", "Publications taken in")
_SUBSCRIBERS = Gauge("dashnet_subscribers", "Open websockets", ["feed"], multiprocess_mode="livesum")
_BACKLOG = Gauge("dashnet_backlog_bytes", "What waits for slow subscribers", multiprocess_mode="livesum")
_MESSAGES = Counter("dashnet_sent_messages_total", "Messages written to subscribers")
_BYTES = Counter("dashnet_sent_bytes_total", "Bytes of websocket frames written to subscribers")
_DROPPED = Counter("dashnet_dropped_publications_total", "Publications that gave way to a state for slow subscribers")
_RESUMES = Counter("dashnet_resumes_total", "Subscribers that asked to go on where they left off", ["outcome"])
_SLOW_CLOSES = Counter("dashnet_slow_closes_total", "Subscribers closed because they took nothing")


class FeedMetrics:
    """Hands on what hub and caretaker counted since the last time: they count in plain numbers, which costs less."""

    def __init__(self, hub: Hub, caretaker: Caretaker) -> None:
        self._hub = hub
        self._caretaker = caretaker
        self._told: dict[Counter, int] = {}

    async def keep_current(self) -> None:
        """Update again and again until cancelled: another process of this service may be the one that is asked."""
        while True:
            self.update()
            await asyncio.sleep(UPDATE_SECONDS)

    def update(self) -> None:
        """Bring the metrics up to date."""
        hub, traffic = self._hub, self._hub.traffic
        _SUBSCRIBERS.labels("live").set(hub.live_count)
        _SUBSCRIBERS.labels("2020").set(hub.count_2020)
        _BACKLOG.set(hub.slow.backlog_bytes)
        self._tell(_MESSAGES, traffic.messages)
        self._tell(_BYTES, traffic.bytes)
        self._tell(_DROPPED, traffic.dropped_publications)
        self._tell(_RESUMES.labels("resumed"), traffic.resumed)
        self._tell(_RESUMES.labels("state"), traffic.not_resumed)
        self._tell(_SLOW_CLOSES, self._caretaker.slow_closes)

    def _tell(self, counter: Counter, total: int) -> None:
        counter.inc(total - self._told.get(counter, 0))
        self._told[counter] = total
