"""The OpenAPI document with the websockets' messages beside its schemas, for openapi-typescript; texts are left out.

`--stamp FILE` writes the document's digest into a generated file, by which tests/app/test_screen.py sees
whether it is stale.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from services.app.asyncapi import make_document as make_asyncapi
from services.app.main import create_app

_TEXTS = {"description", "summary", "examples", "example", "tags", "x-close-codes"}
STAMP = "// Made by `make web-types`; digest of the document: "


def make_document() -> dict[str, Any]:
    """Both documents as one: a message `state` becomes the schema `Message_state`."""
    document = create_app().openapi()
    components = make_asyncapi()["components"]
    schemas = {**components["schemas"], **document["components"]["schemas"]}
    for name, message in components["messages"].items():
        schemas[f"Message_{name}"] = message["payload"]
    stripped: dict[str, Any] = _strip(
        {**document, "components": {"schemas": schemas}, "info": {"title": "Dashnet", "version": "0"}}
    )
    return stripped


def make_stamp() -> str:
    """The first line of what was generated from the document of now."""
    return STAMP + hashlib.sha256(json.dumps(make_document(), sort_keys=True).encode()).hexdigest()[:16]


def _strip(node: Any, *, names: bool = False) -> Any:
    """Leave out texts, but not properties that happen to be called so."""
    if isinstance(node, list):
        return [_strip(one) for one in node]
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if names or key not in _TEXTS}
        return {key: _strip(value, names=key in ("properties", "schemas") and not names) for key, value in kept.items()}
    return node


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stamp"]:
        target = Path(sys.argv[2])
        target.write_text(f"{make_stamp()}\n{target.read_text(encoding='utf-8')}", encoding="utf-8")
    else:
        sys.stdout.write(json.dumps(make_document(), sort_keys=True))
