"""Both services keep to their own OpenAPI documents, whatever is sent to them.

Schemathesis makes up requests that fit a document and requests that do not, sends them, and compares the answers:
no 5xx, no status, media type, field or header that the document does not tell of.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy.engine import make_url

from dashnet import store
from dashnet.channels import worker_health_key
from dashnet.database import create_engine, migrate
from dashnet.embedded.servers import ServerAddresses
from dashnet.redis import create_redis
from dashnet.secret_key import make_secret_key
from dashnet.settings import Settings
from services.app import reports
from services.app.main import create_app as create_app_service
from services.network.discovery.scope import parse_network
from services.network.drivers import OPTIONS, host, simulated
from services.network.drivers.host import take_sample
from services.network.main import create_app as create_network_service
from tests.conftest import execute, make_settings, run_app, run_network
from tests.factories import make_device
from tests.ports import free_port
from tests.servers import eventually
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.main import MIGRATIONS as STORE_MIGRATIONS
from workers.network_client import NetworkClient
from workers.partitions import ensure_partitions
from workers.refresh import refresh
from workers.report import report

ONE_DEVICE = {"path_parameters": {"device_id": 1}}
# It comes after the demo's twelve devices.
THIS_MACHINE = {"path_parameters": {"device_id": 13}}
INTERFACE = {"interface": min(take_sample(None).interfaces)}
DISCOVERY = {"network": "127.0.0.1", "names": False}
REPORT = {"path_parameters": {"month": "2025-10"}}
Operation = APIOperation[Any, Any, Any, Any]  # parameters, bodies, answers and security, whatever the document says
MOST_EXAMPLES = 40
SCHEMAS = {
    "network": schemathesis.openapi.from_dict(create_network_service(make_settings()).openapi()),
    "app": schemathesis.openapi.from_dict(create_app_service(make_settings()).openapi()),
}
# What no schema can say: the MAC address is free, the parent exists, the options are the driver's, `from` is before
# `to`, not too many readings lie between them, and times lie within the years 1 to 9999 once in UTC.
STRICTER = {
    "GET /devices/",
    "GET /readings/",
    "POST /devices/",
    "POST /discoveries/",
    "POST /api/discoveries/",
    "PUT /devices/",
    "PUT /api/fleet",
    "PATCH /devices/{device_id}",
    "POST /api/devices",
    "PATCH /api/devices/{device_id}",
    "GET /api/devices/history",
    "GET /api/devices/{device_id}/history",
    "GET /api/devices/{device_id}/interfaces/history",
    "GET /api/summary/history",
    "GET /api/availability",
    "GET /api/outages",
    "GET /api/traffic",
    "GET /api/state-changes",
    "GET /api/reports/{month}",
    "GET /api/job-runs",
}
HARMLESS = {simulated.NAME, host.NAME}
# Reproducible, so that a finding is one of the change that is tested and not of chance.
EXAMPLES = hypothesis_settings(
    max_examples=MOST_EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def _operations() -> Iterator[Any]:
    for service, schema in SCHEMAS.items():
        for path, methods in schema.raw_schema["paths"].items():
            for method in methods:
                yield pytest.param(service, schema[path][method], id=f"{service} {method.upper()} {path}")


@pytest.fixture(scope="module")
def addresses(servers: ServerAddresses) -> Iterator[Mapping[str, str]]:
    """Both services on their sockets, in a thread of their own, because schemathesis is synchronous."""
    url = make_url(servers.database_url).set(database="openapi").render_as_string(hide_password=False)
    settings = make_settings(
        database_url=url,
        redis_url=servers.redis_url,
        network_port=free_port(),
        app_port=free_port(),
        secret_key=make_secret_key(),
    )
    with pytest.MonkeyPatch.context() as patch, start_blocking_portal() as portal:
        patch.setattr(reports, "WAIT_SECONDS", 0.1)
        portal.call(execute, servers.database_url, "CREATE DATABASE openapi")
        with portal.wrap_async_context_manager(_run_services(settings)):
            yield {"network": settings.network_address, "app": settings.app_address}


@asynccontextmanager
async def _run_services(settings: Settings) -> AsyncIterator[None]:
    """Both services, with the demo fleet and this machine, which were read once."""
    engine, redis = create_engine(settings, "dashnet-test"), create_redis(settings, "dashnet-test")
    now = datetime.now(UTC)
    await migrate(engine, STORE_MIGRATIONS, store.SCHEMA)
    await ensure_partitions(engine, coming_days(now))
    async with run_network(settings), NetworkClient(settings) as client:
        # Under the running second: a tick of a minute that is nearly over may come too late.
        context = WorkerContext(settings, engine, redis, client)
        await refresh(context, now.replace(microsecond=0), "test")
        # No worker is up: this report there is, for others one waits in vain, and not for long.
        await report(context, now.replace(microsecond=0), "test", "2025-10", "UTC")
        await redis.set(worker_health_key(settings), "well")
        async with run_app(settings) as app:

            async def is_ready() -> bool:
                return (await app.get("/readyz")).status_code == 200

            await eventually(is_ready)
            yield
    await redis.aclose()
    await engine.dispose()


@pytest.mark.parametrize(
    ("service", "method", "path", "request_parts", "status"),
    [
        ("network", "post", "/devices/", {"body": make_device()}, 201),
        ("network", "post", "/devices/", {"body": [make_device(), make_device()]}, 201),
        ("network", "put", "/devices/", {"body": [make_device(parent=None)]}, 200),
        ("network", "put", "/devices/", {"body": [make_device()], "query": {"dry_run": True}}, 200),
        ("network", "get", "/secrets/", {}, 200),
        ("network", "post", "/secrets/rotations", {}, 200),
        ("network", "get", "/devices/", {}, 200),
        ("network", "get", "/devices/", {"query": {"read": False}}, 200),
        ("network", "get", "/devices/", {"query": {"at": "2026-11-23T20:00:00Z"}}, 200),
        ("network", "get", "/devices/", {"query": {"interfaces": True}}, 200),
        ("network", "get", "/devices/{device_id}", {**THIS_MACHINE, "query": {"interfaces": True}}, 200),
        ("network", "get", "/devices/{device_id}", {"path_parameters": {"device_id": 1}}, 200),
        ("network", "get", "/readings/", {"query": {"from": "2026-11-23T20:00Z", "to": "2026-11-23T21:00Z"}}, 200),
        ("network", "get", "/inventory/changes", {"query": {"since": 1}}, 200),
        ("network", "get", "/drivers/", {}, 200),
        ("network", "post", "/discoveries/", {"body": DISCOVERY}, 202),
        ("network", "get", "/discoveries/", {}, 200),
        (
            "network",
            "patch",
            "/devices/{device_id}",
            {"path_parameters": {"device_id": 1}, "body": {"tags": ["a"]}},
            200,
        ),
        ("network", "delete", "/devices/{device_id}", {"path_parameters": {"device_id": 9}}, 204),
        ("app", "post", "/api/devices", {"body": make_device()}, 201),
        ("app", "patch", "/api/devices/{device_id}", {"path_parameters": {"device_id": 1}, "body": {"tags": []}}, 200),
        ("app", "delete", "/api/devices/{device_id}", {"path_parameters": {"device_id": 10}}, 204),
        ("app", "get", "/api/devices", {}, 200),
        ("app", "get", "/api/devices/{device_id}", {"path_parameters": {"device_id": 1}}, 200),
        ("app", "get", "/api/devices/{device_id}/history", {"path_parameters": {"device_id": 1}}, 200),
        ("app", "get", "/api/devices/{device_id}/interfaces", THIS_MACHINE, 200),
        ("app", "get", "/api/devices/{device_id}/interfaces/history", {**THIS_MACHINE, "query": INTERFACE}, 200),
        (
            "app",
            "get",
            "/api/devices/{device_id}/interfaces/history",
            {**THIS_MACHINE, "query": {**INTERFACE, "format": "csv"}},
            200,
        ),
        ("app", "get", "/api/drivers", {}, 200),
        ("app", "post", "/api/discoveries/", {"body": DISCOVERY}, 202),
        ("app", "get", "/api/discoveries/", {}, 200),
        ("app", "get", "/api/network", {}, 200),
        ("app", "get", "/api/summary", {}, 200),
        ("app", "get", "/api/summary/history", {}, 200),
        ("app", "get", "/api/devices/history", {"query": {"device_ids": "1,2"}}, 200),
        ("app", "get", "/api/devices/history", {"query": {"device_ids": "1,2", "format": "csv"}}, 200),
        ("app", "get", "/api/devices/{device_id}/history", {**ONE_DEVICE, "query": {"step": "1d"}}, 200),
        ("app", "get", "/api/devices/{device_id}/history", {**ONE_DEVICE, "query": {"format": "csv"}}, 200),
        ("app", "get", "/api/summary/history", {"query": {"format": "csv"}}, 200),
        ("app", "get", "/api/availability", {}, 200),
        ("app", "get", "/api/availability", {"query": {"by": "tag"}}, 200),
        ("app", "get", "/api/availability", {"query": {"by": "network"}}, 200),
        ("app", "get", "/api/outages", {}, 200),
        ("app", "get", "/api/traffic", {"query": {"step": "1h"}}, 200),
        ("app", "get", "/api/traffic", {"query": {"by": "tag"}}, 200),
        ("app", "get", "/api/traffic", {"query": {"by": "network"}}, 200),
        ("app", "get", "/api/state-changes", {}, 200),
        ("app", "get", "/api/reports/{month}", REPORT, 200),
        ("app", "get", "/api/reports/{month}", {**REPORT, "query": {"format": "html"}}, 200),
        ("app", "get", "/api/reports/{month}", {**REPORT, "query": {"format": "pdf"}}, 200),
        ("app", "get", "/api/reports/{month}", {**REPORT, "query": {"format": "csv"}}, 200),
        ("app", "get", "/api/reports/{month}", {"path_parameters": {"month": "2025-09"}}, 202),
        ("app", "get", "/api/job-runs", {}, 200),
    ],
)
def test_every_success_is_as_documented(
    addresses: Mapping[str, str], service: str, method: str, path: str, request_parts: dict[str, Any], status: int
) -> None:
    """Most requests that are made up fail; these, sent before any of them, reach the answers that matter."""
    case = SCHEMAS[service][path][method].Case(media_type="application/json", **request_parts)
    assert case.call_and_validate(base_url=addresses[service]).status_code == status


def _stay_here(body: object) -> None:
    """No packet leaves for addresses that are made up: devices are simulated, and this machine alone is discovered."""
    for device in body if isinstance(body, list) else [body]:
        if isinstance(device, dict) and device.get("driver") in OPTIONS.keys() - HARMLESS:
            device["driver"] = simulated.NAME
    if isinstance(body, dict) and isinstance(body.get("network"), str):
        # What is refused goes nowhere.
        with suppress(ValueError):
            parse_network(body["network"])
            body.update(DISCOVERY if body.get("names", True) is True else {"network": DISCOVERY["network"]})


@pytest.mark.parametrize(("service", "operation"), list(_operations()))
def test_every_answer_is_as_documented(addresses: Mapping[str, str], service: str, operation: Operation) -> None:
    with requests.Session() as session:

        @EXAMPLES
        @given(case=operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(GenerationMode.NEGATIVE))
        def check(case: Case[Any]) -> None:
            _stay_here(case.body)
            if case.query.get("new_driver") in OPTIONS.keys() - HARMLESS:
                case.query["new_driver"] = simulated.NAME
            case.call_and_validate(
                base_url=addresses[service],
                session=session,
                excluded_checks=[positive_data_acceptance] if operation.label in STRICTER else [],
            )

        check()
