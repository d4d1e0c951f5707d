"""What a device says of itself by SNMP: MIB-II's system group, and the tables of chassis, printers and UPSs."""

from collections.abc import Mapping
from dataclasses import replace

from services.network.drivers.facts import Facts
from services.network.drivers.snmp.descriptions import FIRMWARE, Said, read_description
from services.network.drivers.snmp.entity import DESCRIPTION as BODY_DESCRIPTION
from services.network.drivers.snmp.entity import MODEL, SERIAL, VENDOR, read_body, revision_in
from services.network.drivers.snmp.kinds import device_type_of
from services.network.drivers.snmp.values import Session, Value, to_count, to_text
from services.network.drivers.snmp.vendors import vendor_of
from services.network.drivers.snmp.windows import windows_in

_SYSTEM = "1.3.6.1.2.1.1"
_DESCRIPTION, _OBJECT_ID, _UPTIME, _CONTACT, _NAME, _LOCATION, _SERVICES = (
    f"{_SYSTEM}.{number}.0" for number in range(1, 8)
)
# Printer-MIB, the printer in HOST-RESOURCES-MIB, and UPS-MIB.
_PRINTER_SERIAL, _PRINTER_NAME = "1.3.6.1.2.1.43.5.1.1.17.1", "1.3.6.1.2.1.25.3.2.1.3.1"
_UPS_MODEL, _UPS_VENDOR = "1.3.6.1.2.1.33.1.1.2.0", "1.3.6.1.2.1.33.1.1.1.0"
# Enough for the words that say what a device is.
_MOST_CHARACTERS = 1000
# Systems of makers whose devices give the version alone, in the ENTITY-MIB.
_SYSTEMS = {"Palo Alto Networks": "PAN-OS", "QNAP": "QTS", "Brocade": "Fabric OS", "Juniper": "Junos"}


async def read_facts(session: Session) -> Facts:
    """Ask a device what it is.

    Raises:
        DriverError: as the session does.
    """
    system = await session.get([_DESCRIPTION, _OBJECT_ID, _CONTACT, _NAME, _LOCATION, _SERVICES])
    tables = await session.get([_PRINTER_SERIAL, _PRINTER_NAME, _UPS_MODEL, _UPS_VENDOR])
    body = await read_body(session)
    object_id, text = _text(system, _OBJECT_ID), to_text(system.get(_DESCRIPTION), _MOST_CHARACTERS)
    said = _read_said(text, object_id, body)
    vendor = vendor_of(object_id) or said.vendor or body.get(VENDOR)
    kind = _kind_by_tables(tables)
    device_type = device_type_of(object_id, text, to_count(system.get(_SERVICES)), kind)
    hundredths = to_count(system.get(_UPTIME))
    return Facts(
        system_name=_text(system, _NAME),
        description=_text(system, _DESCRIPTION),
        object_id=object_id,
        location=_text(system, _LOCATION),
        contact=_text(system, _CONTACT),
        uptime_seconds=None if hundredths is None else hundredths / 100,
        vendor=vendor,
        model=body.get(MODEL) or _model_by_tables(tables, device_type, vendor) or said.model,
        serial=_text(tables, _PRINTER_SERIAL) or body.get(SERIAL) or said.serial,
        operating_system=windows_in(text, object_id) or _operating_system(said, body, vendor_of(object_id)),
        device_type=device_type,
    )


def _read_said(text: str, object_id: str | None, body: Mapping[str, str]) -> Said:
    """Return what the description says, and where it has no version, what the chassis says of its own."""
    said = read_description(text, object_id)
    if said.system is not None and any(one.isdigit() for one in said.system):
        return said
    of_body = read_description(body.get(BODY_DESCRIPTION), object_id)
    if of_body.system is None or not any(one.isdigit() for one in of_body.system):
        return said
    return replace(of_body, model=said.model or of_body.model)


def _operating_system(said: Said, body: Mapping[str, str], vendor: str | None) -> str | None:
    """Return the system that the description names, else the revision in the ENTITY-MIB."""
    revision = revision_in(body)
    if said.system is None and revision is not None:
        return f"{_SYSTEMS.get(vendor or '', FIRMWARE)} {revision}"
    return said.system


def _kind_by_tables(tables: Mapping[str, Value]) -> str | None:
    if tables.get(_PRINTER_SERIAL) is not None:
        return "Printer"
    return "UPS" if _text(tables, _UPS_MODEL) else None


def _model_by_tables(tables: Mapping[str, Value], device_type: str | None, vendor: str | None) -> str | None:
    if device_type == "UPS":
        return _text(tables, _UPS_MODEL)
    name = _text(tables, _PRINTER_NAME) if device_type == "Printer" else None
    if name is None:
        return None
    # The model is the name without the maker's.
    model = name[len(vendor) + 1 :] if vendor and name.lower().startswith(f"{vendor.lower()} ") else name
    return model.removesuffix(" series")


def _text(values: Mapping[str, Value], oid: str) -> str | None:
    return to_text(values.get(oid)) or None
