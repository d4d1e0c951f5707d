"""Where the secrets of a driver's options are: every field typed `SecretStr`, also in nested models and mappings.

Pure. A path is the names that lead to a secret; a place is what the types say, before there is any value.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

Path = tuple[str, ...]
# None stands for every name of a mapping; a place without inner places is a secret.
Places = Mapping[str | None, "Places"]

_SECRET: Places = {}


@cache
def secret_places(options_type: type[BaseModel]) -> Places:
    """The places of a type's secrets; empty where it has none.

    Raises:
        TypeError: a secret lies in a list, where it has no name by which it could be kept.
    """
    return _find(options_type) or {}


def _find(annotation: Any) -> Places | None:  # whatever may stand behind a colon
    if annotation is SecretStr:
        return _SECRET
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {name: _find(field.annotation) for name, field in annotation.model_fields.items()}
        return {name: places for name, places in fields.items() if places is not None} or None
    found = [_find(argument) for argument in get_args(annotation)]
    if all(places is None for places in found):
        return None
    if get_origin(annotation) in (Union, UnionType) and (_SECRET not in found or not any(found)):
        return {name: places for part in found if part for name, places in part.items()}
    if isinstance(get_origin(annotation), type) and issubclass(get_origin(annotation), Mapping) and found[0] is None:
        return {None: found[1] or _SECRET}
    if hasattr(annotation, "__metadata__"):
        return found[0]
    raise TypeError(f"{annotation}: a secret must be a field or the value of a mapping")


def is_secret(places: Places) -> bool:
    """Whether this place is a secret itself, not something that holds secrets."""
    return not places


def find_secrets(value: object, places: Places, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place of a secret that holds something, with what it holds."""
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        place = places.get(name, places.get(None))
        if place is None:
            continue
        if is_secret(place):
            yield (*path, name), inner
        else:
            yield from find_secrets(inner, place, (*path, name))


def is_place(path: Path, places: Places) -> bool:
    """Whether a secret may lie there."""
    for depth, name in enumerate(path, 1):
        place = places.get(name, places.get(None))
        if place is None:
            return False
        if is_secret(place):
            return depth == len(path)
        places = place
    return False


def with_values(value: dict[str, Any], replacements: Mapping[Path, object]) -> dict[str, Any]:
    """A copy with something else in these places; a mapping of secrets that is missing is made, no other object is."""
    copy = dict(value)
    groups: dict[str, dict[Path, object]] = {}
    for path, replacement in replacements.items():
        if len(path) == 1:
            copy[path[0]] = replacement
        else:
            groups.setdefault(path[0], {})[path[1:]] = replacement
    for name, inner in groups.items():
        copy[name] = with_values(copy.get(name) or {}, inner)
    return copy


def without(value: dict[str, Any], paths: set[Path]) -> dict[str, Any]:
    """A copy without what lies in these places; an object that is left empty stays."""
    inner = {path[0]: {one[1:] for one in paths if one[0] == path[0] and len(one) > 1} for path in paths}
    return {
        name: without(part, inner[name]) if inner.get(name) else part
        for name, part in value.items()
        if (name,) not in paths
    }
