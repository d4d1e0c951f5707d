"""The table of docs/settings.md, made from the settings themselves: `python -m dashnet.settings_page`."""

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from dashnet.settings import Settings

_HEAD = """# Settings

Environment variables, or lines in a `.env` file beside the code; the environment wins. An empty value means the
default. Read once, when a process starts. Made by `python -m dashnet.settings_page`; a test holds it to the code.

| variable | default | meaning |
| --- | --- | --- |
"""


def make_settings_page() -> str:
    """The whole page, in the order of the settings."""
    return _HEAD + "".join(
        f"| `{variable_of(name, field)}` | {_default(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )


def variable_of(name: str, field: FieldInfo) -> str:
    """The environment variable of a setting."""
    return str(field.validation_alias) if field.validation_alias else f"DASHNET_{name.upper()}"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "the host's name" if field.annotation is str else "none"
    if field.default is None:
        return "none"
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return f"`{field.default}`"


if __name__ == "__main__":
    print(make_settings_page(), end="")  # noqa: T201
