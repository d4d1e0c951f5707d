"""What a device says of itself by SNMP: MIB-II's system group, and the chassis in its ENTITY-MIB."""

from collections.abc import Mapping

from services.network.drivers.facts import Facts
from services.network.drivers.snmp.values import Session, Value, to_count, to_text
from services.network.drivers.snmp.vendors import device_type_of, model_in, operating_system_of, vendor_of

_SYSTEM = "1.3.6.1.2.1.1"
_DESCRIPTION, _OBJECT_ID, _UPTIME, _CONTACT, _NAME, _LOCATION, _SERVICES = (
    f"{_SYSTEM}.{number}.0" for number in range(1, 8)
)
_ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
_CLASS, _SERIAL, _VENDOR, _MODEL = (f"{_ENTITY}.{column}" for column in (5, 11, 12, 13))
_CHASSIS, _STACK = 3, 11


async def read_facts(session: Session) -> Facts:
    """Ask a device what it is.

    Raises:
        DriverError: as the session does.
    """
    system = await session.get([_DESCRIPTION, _OBJECT_ID, _CONTACT, _NAME, _LOCATION, _SERVICES])
    description, object_id = _text(system, _DESCRIPTION), _text(system, _OBJECT_ID)
    body = await _read_body(session)
    vendor = vendor_of(object_id) or body.get(_VENDOR)
    hundredths = to_count(system.get(_UPTIME))
    return Facts(
        system_name=_text(system, _NAME),
        description=description,
        object_id=object_id,
        location=_text(system, _LOCATION),
        contact=_text(system, _CONTACT),
        uptime_seconds=None if hundredths is None else hundredths / 100,
        vendor=vendor,
        model=body.get(_MODEL) or model_in(description),
        serial=body.get(_SERIAL),
        operating_system=operating_system_of(description, object_id),
        device_type=device_type_of(vendor, description, to_count(system.get(_SERVICES))),
    )


async def _read_body(session: Session) -> Mapping[str, str]:
    """What the first chassis says that says anything, by column; nothing without an ENTITY-MIB."""
    classes = await session.walk(_CLASS)
    columns = (_SERIAL, _VENDOR, _MODEL)
    for wanted in (_CHASSIS, _STACK):
        for index in [index for index, kind in classes.items() if kind == wanted][:8]:
            values = await session.get([f"{column}.{index}" for column in columns])
            said = {column: _text(values, f"{column}.{index}") for column in columns}
            if said[_SERIAL] or said[_MODEL]:
                return {column: text for column, text in said.items() if text}
    return {}


def _text(values: Mapping[str, Value], oid: str) -> str | None:
    return to_text(values.get(oid)) or None
