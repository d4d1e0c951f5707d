"""Edits of devices and questions about drivers, handed on to the network service, which owns both."""

from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Path, Request, Response

from dashnet.errors import ServiceUnavailable
from dashnet.origins import TOUCHES_DEVICES
from dashnet.problems import problem_responses
from services.app.dependencies import Network

router = APIRouter(prefix="/api", tags=["devices"], responses=problem_responses(403, 422, 503))

_WITH_BODY = ("POST", "PUT", "PATCH")
_FORWARDED_HEADERS = ("content-type", "content-length")
# A large body may have to wait for its turn, and so may each part of it.
_TIMEOUT = httpx.Timeout(30, write=120)

DeviceId = Annotated[int, Path(description="Id of a device", examples=[1])]

_OBJECT = {"type": "object"}
_OBJECTS = {"type": "array", "items": _OBJECT, "minItems": 1}


def _json_body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_DEVICE = {"description": "As the network service answers it"}


_DRIVER = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "options_schema": _OBJECT,
        "can_describe": {"type": "boolean"},
    },
    "required": ["name", "description", "options_schema", "can_describe"],
}
_DRIVERS = {
    "description": "All drivers; `options_schema` is a JSON Schema of a device's `driver_options`, "
    "`can_describe` says whether it can ask a device what it is",
    "content": {"application/json": {"schema": {"type": "array", "items": _DRIVER}}},
}


@router.get("/drivers", responses={200: _DRIVERS})
async def read_drivers(request: Request, network: Network) -> Response:
    """All drivers with their options, as `GET /drivers/` of the network service answers them."""
    return await _forward(request, network, "/drivers/")


@router.post(
    "/devices",
    status_code=201,
    responses={201: _DEVICE, **problem_responses(409, 413, 415)},
    openapi_extra=_json_body({"anyOf": [_OBJECT, _OBJECTS]}),
)
async def create_devices(request: Request, network: Network) -> Response:
    """Add one device or a list; see the network service's own documentation for the fields."""
    return await _forward(request, network, "/devices/")


@router.patch(
    "/devices/{device_id}",
    responses={200: _DEVICE, **problem_responses(404, 409, 413, 415)},
    openapi_extra=_json_body(_OBJECT),
)
async def update_device(device_id: DeviceId, request: Request, network: Network) -> Response:
    """Change the fields that are given."""
    return await _forward(request, network, f"/devices/{device_id}")


@router.delete("/devices/{device_id}", status_code=204, responses=problem_responses(404))
async def delete_device(device_id: DeviceId, request: Request, network: Network) -> Response:
    """Remove a device; devices behind it stay, without a parent."""
    return await _forward(request, network, f"/devices/{device_id}")


@router.get(
    "/devices/{device_id}/facts",
    responses={200: _DEVICE, **problem_responses(404, 409, 502, 504)},
    dependencies=[TOUCHES_DEVICES],
)
async def read_facts(device_id: DeviceId, request: Request, network: Network) -> Response:
    """Ask a device now what it is: name, description, vendor, model, serial, and what could stand in the inventory."""
    return await _forward(request, network, f"/devices/{device_id}/facts")


@router.get(
    "/devices/{device_id}/reading",
    responses={200: _DEVICE, **problem_responses(404)},
    dependencies=[TOUCHES_DEVICES],
)
async def read_device_now(device_id: DeviceId, request: Request, network: Network) -> Response:
    """Read a device now, beside the refreshes: nothing of it is stored. It has what a snapshot has not.

    `error` says why a device is unknown or down, `loss_ratio` and `jitter_seconds` come from pings.
    """
    return await _forward(request, network, f"/devices/{device_id}")


_DISCOVERY = {"description": "A discovery as the network service answers it"}
DiscoveryId = Annotated[
    str, Path(description="Id of a discovery", pattern="^[0-9a-f]{16}$", examples=["0123456789abcdef"])
]


@router.post(
    "/discoveries/",
    status_code=202,
    responses={202: _DISCOVERY, **problem_responses(409, 413, 415)},
    openapi_extra=_json_body(_OBJECT),
)
async def begin_discovery(request: Request, network: Network) -> Response:
    """Look who is in a network; see the network service's own documentation for the fields. Nothing is added."""
    return await _forward(request, network, "/discoveries/")


@router.get("/discoveries/", responses={200: {"description": "All discoveries that are kept"}})
async def read_discoveries(request: Request, network: Network) -> Response:
    """The discoveries that run, and of the last hour the newest ten, the newest first."""
    return await _forward(request, network, "/discoveries/")


@router.get("/discoveries/{discovery_id}", responses={200: _DISCOVERY, **problem_responses(404)})
async def read_discovery(discovery_id: DiscoveryId, request: Request, network: Network) -> Response:
    """A discovery with what it has found so far, and which of that is in the inventory now."""
    return await _forward(request, network, f"/discoveries/{discovery_id}")


@router.delete("/discoveries/{discovery_id}", status_code=204, responses=problem_responses(404))
async def end_discovery(discovery_id: DiscoveryId, request: Request, network: Network) -> Response:
    """End a discovery that runs; forget one that has ended."""
    return await _forward(request, network, f"/discoveries/{discovery_id}")


async def _forward(request: Request, network: httpx.AsyncClient, path: str) -> Response:
    headers = {name: request.headers[name] for name in _FORWARDED_HEADERS if name in request.headers}
    # Handed on as it comes: no body is held here, and none has to be whole first.
    content = request.stream() if request.method in _WITH_BODY else None
    try:
        answer = await network.request(request.method, path, content=content, headers=headers, timeout=_TIMEOUT)
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise ServiceUnavailable(
            f"the network service gives no answer, nothing is known to be changed: {reason}"
        ) from error
    return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))
