"""Fleets as YAML: `devices:` and a list. Read as events, so that aliases never grow and every field has its line."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from dashnet.fleet.entries import Entry, Fleet, WrongLine

DEEPEST = 20
_TOP = "devices"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# Narrower than YAML 1.1, which takes a MAC address of digits for a number to base 60, and `no` for false.
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]*([eE][-+][0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_VARIABLE = re.compile(r"(\$+)\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class _Node:
    value: "str | list[_Node] | dict[str, _Node]"
    line: int
    is_plain: bool = False


def read_yaml(text: str, environment: Mapping[str, str] = os.environ) -> Fleet:
    """The devices of a YAML text; in driver options a value `${NAME}` is that variable's.

    Raises:
        WrongLine: this is no YAML, uses what a fleet has no need of (aliases, tags), or holds something else.
    """
    top = _read_document(text)
    if not isinstance(top.value, dict) or top.value.keys() != {_TOP}:
        raise WrongLine(top.line, f"a fleet begins with `{_TOP}:` and holds nothing beside it")
    devices = top.value[_TOP]
    if not isinstance(devices.value, list):
        raise WrongLine(devices.line, f"`{_TOP}` holds a list, each device beginning with `- `")
    return Fleet([_to_entry(node, environment) for node in devices.value])


def _to_entry(node: _Node, environment: Mapping[str, str]) -> Entry:
    if not isinstance(node.value, dict):
        raise WrongLine(node.line, "a device is a mapping, such as `host_name: nas`")
    fields = {
        name: _to_value(inner, environment) if name == "driver_options" else _to_text(inner)
        for name, inner in node.value.items()
    }
    return Entry(fields, node.line, {name: inner.line for name, inner in node.value.items()})


def _to_text(node: _Node) -> Any:  # what JSON can hold
    """All scalars as they are written, so that an address or a name is never taken for a number."""
    if isinstance(node.value, str):
        return None if node.is_plain and _WORDS.get(node.value, node.value) is None else node.value
    if isinstance(node.value, dict):
        return {name: _to_text(inner) for name, inner in node.value.items()}
    return [_to_text(inner) for inner in node.value]


def _to_value(node: _Node, environment: Mapping[str, str]) -> Any:  # as above
    if isinstance(node.value, dict):
        return {name: _to_value(inner, environment) for name, inner in node.value.items()}
    if not isinstance(node.value, str):
        return [_to_value(inner, environment) for inner in node.value]
    variable = _VARIABLE.fullmatch(node.value)
    if variable is not None:
        return _replace_variable(variable, node.line, environment)
    return _to_scalar(node.value, node.line) if node.is_plain else node.value


def _replace_variable(variable: re.Match[str], line: int, environment: Mapping[str, str]) -> str:
    dollars, name = variable.groups()
    if len(dollars) > 1:
        return variable.string[1:]
    if name not in environment:
        raise WrongLine(line, f"the environment variable {name} is not set (write $${{{name}}} for the text itself)")
    return environment[name]


def _to_scalar(text: str, line: int) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > 20:
            raise WrongLine(line, "a number of more than 20 digits; quote it if it is a text")
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _read_document(text: str) -> _Node:
    try:
        events = yaml.parse(text, Loader=_LOADER)
        for event in events:
            if not isinstance(event, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
                break
        if isinstance(event, yaml.StreamEndEvent):
            raise WrongLine(1, "the file is empty")
        node = _read_node(event, events, 1)
        next(events)
        if not isinstance(next(events), yaml.StreamEndEvent):
            raise WrongLine(1, "the file holds several documents; a fleet is one")
        return node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise WrongLine(mark.line + 1 if mark else 1, f"no YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise WrongLine(1, f"no YAML: {str(error).splitlines()[0]}") from None


def _read_node(event: Any, events: Iterator[Any], depth: int) -> _Node:  # PyYAML has no types for events
    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent):
        raise WrongLine(line, f"aliases such as *{event.anchor} are not taken; write it out")
    if event.tag is not None:
        raise WrongLine(line, f"tags such as {event.tag} are not taken")
    if isinstance(event, yaml.ScalarEvent):
        return _Node(event.value, line, event.implicit[0])
    if depth > DEEPEST:
        raise WrongLine(line, f"nested more than {DEEPEST} deep")
    if isinstance(event, yaml.SequenceStartEvent):
        return _Node([*_read_items(events, depth)], line)
    return _Node(_read_mapping(events, depth), line)


def _read_items(events: Iterator[Any], depth: int) -> Iterator[_Node]:
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            return
        yield _read_node(event, events, depth + 1)


def _read_mapping(events: Iterator[Any], depth: int) -> dict[str, _Node]:
    found: dict[str, _Node] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        name = _read_node(event, events, depth + 1)
        if not isinstance(name.value, str):
            raise WrongLine(name.line, "the name of a field is a text")
        inner = _read_node(next(events), events, depth + 1)
        if name.value in found:
            raise WrongLine(name.line, f"{name.value} stands here twice, first in line {found[name.value].line}")
        found[name.value] = _Node(inner.value, name.line, inner.is_plain)
    return found


class _Dumper(_DUMPER):  # type: ignore[misc, valid-type]  # with libyaml where that is there
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        """Write everything out."""
        return True


def write_yaml(devices: Sequence[Mapping[str, Any]]) -> str:
    """Devices in the fields of an export as YAML that `read_yaml` reads as the same."""
    escaped = [{**device, "driver_options": _escape(device["driver_options"])} for device in devices]
    text: str = yaml.dump(
        {_TOP: escaped}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100_000
    )
    return text


def _escape(value: Any) -> Any:  # what JSON can hold
    if isinstance(value, dict):
        return {name: _escape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_escape(inner) for inner in value]
    return f"${value}" if isinstance(value, str) and _VARIABLE.fullmatch(value) else value
