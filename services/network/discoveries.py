"""Routes of discoveries: begin one, follow it, end it."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from dashnet.errors import NotFound
from dashnet.problems import problem_responses
from services.network.bodies import parse_discovery
from services.network.dependencies import CurrentInventory, CurrentRuns, CurrentShelf
from services.network.discovery.answers import describe_found
from services.network.discovery.models import DiscoveryCreate, DiscoveryPublic, DiscoverySummary
from services.network.edits import json_body, read_json_body
from services.network.reader import encode

router = APIRouter(tags=["discoveries"], responses=problem_responses(422, 503))

DiscoveryId = Annotated[
    str, Path(description="Id of a discovery", pattern="^[0-9a-f]{16}$", examples=["0123456789abcdef"])
]


@router.post(
    "/discoveries/",
    status_code=202,
    response_model=DiscoverySummary,
    responses=problem_responses(409, 413, 415),
    openapi_extra=json_body({"$ref": "#/components/schemas/DiscoveryCreate"}),
)
async def begin_discovery(request: Request, runs: CurrentRuns) -> Response:
    """Look who is in a network, 4,096 addresses at the most. Answered at once; `GET /discoveries/{id}` tells the rest.

    Nothing is added to the inventory. 409 while two discoveries run.
    """
    asked = await asyncio.to_thread(parse_discovery, await read_json_body(request))
    run = await runs.begin(asked)
    return Response(encode(run.head()), 202, media_type="application/json")


@router.get("/discoveries/", response_model=list[DiscoverySummary])
async def read_discoveries(shelf: CurrentShelf) -> Response:
    """The discoveries that run, and of the last hour the newest ten, the newest first."""
    return Response(encode(await shelf.heads()), media_type="application/json")


@router.get("/discoveries/{discovery_id}", response_model=DiscoveryPublic, responses=problem_responses(404))
async def read_discovery(discovery_id: DiscoveryId, shelf: CurrentShelf, inventory: CurrentInventory) -> Response:
    """A discovery with what it has found so far, and which of that is in the inventory now."""
    kept = await shelf.find(discovery_id)
    if kept is None:
        raise _no_discovery(discovery_id)
    head, found = kept
    described = await asyncio.to_thread(describe_found, found, inventory.devices.values())
    shown = {**head, "found": [one.model_dump() for one in described]}
    return Response(encode(shown), media_type="application/json")


@router.delete("/discoveries/{discovery_id}", status_code=204, responses=problem_responses(404))
async def end_discovery(discovery_id: DiscoveryId, shelf: CurrentShelf) -> Response:
    """End a discovery that runs, within a second or two; what it has found stays. Forget one that has ended."""
    kept = await shelf.find(discovery_id)
    if kept is None:
        raise _no_discovery(discovery_id)
    if kept[0]["outcome"] is None:
        await shelf.ask_for_end(discovery_id)
    else:
        await shelf.forget(discovery_id)
    return Response(status_code=204)


def _no_discovery(discovery_id: str) -> NotFound:
    return NotFound(f"there is no discovery {discovery_id}; they are kept for an hour, and the newest ten of them")


SCHEMAS = (DiscoveryCreate,)
