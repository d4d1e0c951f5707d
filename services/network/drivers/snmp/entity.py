"""The chassis in a device's ENTITY-MIB: model, serial, maker, and the revision of its software."""

import re
from collections.abc import Mapping, Sequence

from services.network.drivers.snmp.values import Session, Value, to_text

_ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
DESCRIPTION, FIRMWARE_REVISION, SOFTWARE_REVISION = f"{_ENTITY}.2", f"{_ENTITY}.9", f"{_ENTITY}.10"
SERIAL, VENDOR, MODEL = f"{_ENTITY}.11", f"{_ENTITY}.12", f"{_ENTITY}.13"
_CONTAINER, _CLASS = f"{_ENTITY}.4", f"{_ENTITY}.5"
_COLUMNS = (DESCRIPTION, FIRMWARE_REVISION, SOFTWARE_REVISION, SERIAL, VENDOR, MODEL)
_CHASSIS, _STACK = 3, 11
_MOST_BODIES = 8
# What stands in a column for nothing, or belongs into another one.
_NOTHING = re.compile(
    r"(<.*>|n/?a|none|null|unknown|not (specified|available)|default string|to be filled.*|0+|x+|-+)$|.*\bmac\b",
    re.IGNORECASE,
)
_HARDWARE_ADDRESS = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$", re.IGNORECASE)
# A version, or the number of a part, is no model.
_NO_MODEL = re.compile(r"(v?\d+(\.\d+)+|\d\d-\d{7}-\d\d)$")
_REVISION = re.compile(r"\d+\.\w[\w.()-]*")


async def read_body(session: Session) -> Mapping[str, str]:
    """Return what the first chassis says that says anything, by column; nothing without an ENTITY-MIB.

    Without a chassis it is a stack, else the outermost entity.

    Raises:
        DriverError: as the session does.
    """
    first: Mapping[str, str] = {}
    for index in await _list_bodies(session):
        values = await session.get([f"{column}.{index}" for column in _COLUMNS])
        said = {column: text for column in _COLUMNS if (text := _clean(column, values.get(f"{column}.{index}")))}
        if SERIAL in said or MODEL in said:
            if said.get(VENDOR) == said.get(MODEL):
                said.pop(VENDOR, None)
            return said
        first = first or said
    return first


async def _list_bodies(session: Session) -> Sequence[int]:
    classes = await session.walk(_CLASS)
    bodies = [index for kind in (_CHASSIS, _STACK) for index, found in classes.items() if found == kind]
    if bodies:
        return bodies[:_MOST_BODIES]
    containers = await session.walk(_CONTAINER)
    outermost = [index for index, container in containers.items() if container == 0]
    # Some tables have serials and nothing around them.
    return outermost[:1] or [*sorted(classes or await session.walk(SERIAL))][:1]


def _clean(column: str, value: Value) -> str:
    text = to_text(value)
    if _NOTHING.match(text):
        return ""
    if column == SERIAL and _HARDWARE_ADDRESS.search(text):
        return ""
    return "" if column == MODEL and _NO_MODEL.match(text) else text


def revision_in(body: Mapping[str, str]) -> str | None:
    """Return the revision of the software, else of the firmware, where one has a number with a dot."""
    found = (_REVISION.search(body.get(column, "")) for column in (SOFTWARE_REVISION, FIRMWARE_REVISION))
    return next((one[0] for one in found if one), None)
