"""The question which devices a total is of: real ones or simulated ones, which are never added up."""

from typing import Annotated

from fastapi import Query

from dashnet.edge import NetworkKind
from services.app.ranges import invalid_field

AskedKind = Annotated[
    NetworkKind | None,
    Query(
        description="Totals of the real or of the simulated devices. `all`: the states of every device, with the "
        "traffic of the time before the two were kept apart, when every device was added up"
    ),
]


def check_kind(kind: NetworkKind | None, by: str) -> None:
    """Make sure that a kind is named for totals of the network only.

    Raises:
        InvalidInput: rows of single devices or of tags were asked for.
    """
    if kind is not None and by != "network":
        raise invalid_field("kind", f"chooses totals of the network, but by={by} asks for others")
