"""Routes of the inventory as a file: the whole of it to take along, and a file to bring it to."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import httpx
import orjson
from fastapi import APIRouter, Query, Request, Response

from dashnet.errors import Conflict, InvalidInput, ServiceUnavailable
from dashnet.fleet.csv_files import write_csv
from dashnet.fleet.entries import Fleet
from dashnet.fleet.export import to_fleet
from dashnet.fleet.files import locate, parse_fleet, tell_csv_apart
from dashnet.fleet.formats import ExportFormat, FileFormat
from dashnet.fleet.yaml_files import write_yaml
from dashnet.network_api import read_answer
from dashnet.problems import problem_responses
from services.app.dependencies import Network

router = APIRouter(prefix="/api", tags=["devices"], responses=problem_responses(403, 422, 503))

_MEDIA_TYPES = {ExportFormat.YAML: "application/yaml", ExportFormat.CSV: "text/csv; charset=utf-8"}
_TEXT = {"schema": {"type": "string"}}
_FILE = {"content": {"application/yaml": {"schema": {"type": "object"}}, "text/csv": _TEXT}}
_CHANGES = {
    "description": "What changed, as `PUT /devices/` of the network service answers it; `left_out` tells what of the "
    "file was left out on purpose, `notes` how it had to be read (a CSV as Windows-1252, say)",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
# A file that comes from elsewhere learns nothing of this process's environment.
_NO_VARIABLES: Mapping[str, str] = {}
# Errors tell lines of it by this name.
_NAME = "file"


@router.get("/fleet", response_class=Response, responses={200: {"description": "The file", **_FILE}})
async def export_fleet(
    network: Network,
    format: Annotated[ExportFormat, Query(description="What to write")] = ExportFormat.YAML,
) -> Response:
    """The whole inventory, secrets left out; `PUT /api/fleet` takes it back without a change."""
    devices = await _ask(network, "GET", params={"read": "false"})
    write = write_yaml if format is ExportFormat.YAML else write_csv
    content = await asyncio.to_thread(lambda: write(to_fleet(devices)))
    headers = {"content-disposition": f'attachment; filename="dashnet-fleet.{format}"'}
    return Response(content, media_type=_MEDIA_TYPES[format], headers=headers)


@router.put(
    "/fleet",
    response_class=Response,
    responses={200: _CHANGES, **problem_responses(409, 413)},
    openapi_extra={"requestBody": {"required": True, **_FILE}},
)
async def apply_fleet(
    request: Request,
    network: Network,
    format: Annotated[
        FileFormat, Query(description="What the body is; NetBox's CSV is known by its header")
    ] = FileFormat.YAML,
    dry_run: Annotated[bool, Query(description="Only tell what would change")] = False,
    prune: Annotated[bool, Query(description="Remove every device that is not in the file")] = False,
    left_out: Annotated[
        str,
        Query(pattern="^(default|keep)$", description="What a field that is left out means: its default, or no change"),
    ] = "keep",
) -> Response:
    """Add and change a file's devices, all or nothing; errors tell its lines. The environment's `${…}` are none."""
    content = await request.body()
    found = tell_csv_apart(content, format)
    fleet = await asyncio.to_thread(parse_fleet, content, _NAME, found, _NO_VARIABLES)
    values = {"dry_run": dry_run, "prune": prune, "left_out": left_out}
    if found is FileFormat.NETBOX:
        values["new_driver"] = "icmp"
    changes = await _apply(network, fleet, values)
    told = {"left_out": list(fleet.left_out), "notes": list(fleet.notes)}
    return Response(orjson.dumps({**changes, **told}), media_type="application/json")


async def _apply(network: httpx.AsyncClient, fleet: Fleet, values: Mapping[str, Any]) -> Any:  # the service's own
    body = await asyncio.to_thread(orjson.dumps, [dict(entry.fields) for entry in fleet.entries])
    try:
        return await _ask(network, "PUT", params=values, content=body, headers={"content-type": "application/json"})
    except (InvalidInput, Conflict) as error:
        raise locate(_NAME, fleet, error) from None


async def _ask(network: httpx.AsyncClient, method: str, **options: Any) -> Any:  # httpx's own; any JSON value
    try:
        answer = await network.request(method, "/devices/", **options)
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise ServiceUnavailable(
            f"the network service gives no answer, nothing is known to be changed: {reason}"
        ) from error
    return read_answer(answer, str(network.base_url))
