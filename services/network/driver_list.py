"""Route of the drivers: what each reads, and its options as a JSON Schema from which a form can be drawn."""

from functools import lru_cache
from importlib import import_module
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.network import drivers
from services.network.dependencies import CurrentReader
from services.network.drivers import OPTIONS
from services.network.drivers.driver import DriverOptions
from services.network.reader import encode

router = APIRouter(tags=["drivers"])


class DriverPublic(BaseModel):
    """A driver; what a schema marks `writeOnly` is secret and never in an answer.

    `can_describe`: whether `GET /devices/{id}/facts` can ask a device of this driver what it is.
    """

    name: str
    description: str
    options_schema: dict[str, Any]
    can_describe: bool


@router.get("/drivers/", response_model=list[DriverPublic])
async def read_drivers(reader: CurrentReader) -> Response:
    """All drivers in the order of their names, each with a JSON Schema of the `driver_options` it takes."""
    return Response(_encode_drivers(frozenset(reader.describers)), media_type="application/json")


@lru_cache(maxsize=1)
def _encode_drivers(describers: frozenset[str]) -> bytes:
    drivers = [
        describe_driver(name, options, can_describe=name in describers) for name, options in sorted(OPTIONS.items())
    ]
    return encode([driver.model_dump() for driver in drivers])


def describe_driver(name: str, options_type: type[DriverOptions], *, can_describe: bool = False) -> DriverPublic:
    """A driver in the words of its module, which begin with "Driver `name`: "."""
    document = import_module(f"{drivers.__name__}.{name}").__doc__ or ""
    sentence = document.strip().splitlines()[0].removeprefix(f"Driver `{name}`: ") if document else ""
    return DriverPublic(
        name=name,
        description=sentence[:1].upper() + sentence[1:],
        options_schema=_to_schema(options_type),
        can_describe=can_describe,
    )


def _to_schema(options_type: type[DriverOptions]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **options_type.model_json_schema()}
