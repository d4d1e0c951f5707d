"""A small service for tests of the metrics, run by uvicorn in several processes."""

import os

from fastapi import FastAPI, Response
from prometheus_client import Gauge

from dashnet.metrics import CountRequests, metrics_page

app = FastAPI()
app.add_middleware(CountRequests)
Gauge("alive", "One for each process that lives", multiprocess_mode="livesum").set(1)


@app.get("/pid")
async def read_pid() -> int:
    """The process that answers."""
    return os.getpid()


@app.get("/metrics")
async def read_metrics() -> Response:
    """The page under test."""
    return metrics_page()
