"""What kind of device one is: by its sysObjectID, the tables it has, its maker, its words, its layers. Pure."""

import re
from collections.abc import Sequence

from services.network.drivers.snmp.vendors import enterprise_of, vendor_of
from services.network.drivers.snmp.windows import WORKSTATION, edition_of

# The longest beginning decides; null: the maker is known, and this is none of the kinds.
_BY_OBJECT_ID: dict[tuple[int, ...], str | None] = {
    (11, 2, 3, 9): "Printer",
    (318, 1, 3): "UPS",
    (318, 1, 3, 4): "PDU",
    (318, 1, 3, 8): None,
    (789,): "NAS",
    (1347,): "Printer",
    (2620,): "Firewall",
    (3224,): "Firewall",
    (6574,): "NAS",
    (6876,): "Server",
    (8741,): "Firewall",
    (10002,): "Access Point",
    (10704,): "Firewall",
    (11256,): "Firewall",
    (12124,): "NAS",
    (12356, 101): "Firewall",
    (12356, 106): "Switch",
    (12356, 120): "Access Point",
    (14823, 1, 2): "Access Point",
    (14988, 2): "Switch",
    (17713, 21): "Access Point",
    (17713, 22): "Access Point",
    (17713, 24): "Switch",
    (24681,): "NAS",
    (25053, 3, 1, 4): "Access Point",
    (25461, 2, 3, 7): None,
    (25461,): "Firewall",
    (28507,): "PDU",
    (50536,): "NAS",
}
# Makers of nothing else that answers SNMP.
_KINDS = {
    "Printer": {"Brother", "Canon", "Epson", "Fujifilm", "Konica Minolta", "Kyocera", "Lexmark", "Ricoh", "Xerox"},
    "Camera": {"Axis"},
}
_KIND_WORDS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("Access Point", r"\b(access ?point|wireless ap|aironet|unifi ap|uap)\b|\buap-|^ruckus wireless [a-z]\d"),
        ("Printer", r"printer|laserjet|officejet|jetdirect"),
        ("Firewall", r"firewall|security appliance|pfsense|opnsense|\bsrx\d"),
        ("PDU", r"\bpdu\b|power distribution|power control"),
        ("UPS", r"\bups\b"),
        ("NAS", r"diskstation|\bnas\b|^truenas|^freenas"),
        ("Camera", r"network camera"),
        ("Switch", r"switch|catalyst|procurve|extremexos|\bcrs\d|\bs\d{4}-|\bNX-OS|\bd[eg]s-\d"),
        ("Router", r"router|\bisr\b|\basr\d|edgeos|keenetic|\bhuawei ar\d"),
    )
)
# Bits of sysServices (RFC 1213): a layer each.
_LAYER_2, _LAYER_3, _LAYER_7 = 1 << 1, 1 << 2, 1 << 6


def device_type_of(
    object_id: str | None, description: str | None, services: int | None, kind_by_tables: str | None = None
) -> str | None:
    """Return what kind of device this is, null where nothing says so.

    `kind_by_tables` is what its standard tables show: a printer has a Printer-MIB, a UPS a UPS-MIB. A maker alone is
    no kind, unless it makes nothing else.
    """
    if (edition := edition_of(object_id)) is not None:
        return "Desktop PC" if edition == WORKSTATION else "Server"
    numbers = enterprise_of(object_id) or ()
    for length in range(len(numbers), 0, -1):
        if numbers[:length] in _BY_OBJECT_ID:
            return kind_by_tables or _BY_OBJECT_ID[numbers[:length]]
    return kind_by_tables or _by_words(vendor_of(object_id), description or "") or _by_layers(services)


def _by_words(vendor: str | None, description: str) -> str | None:
    by_maker = next((kind for kind, vendors in _KINDS.items() if vendor in vendors), None)
    return by_maker or next((kind for kind, pattern in _KIND_WORDS if pattern.search(description)), None)


def _by_layers(services: int | None) -> str | None:
    if not services:
        return None
    layers: Sequence[tuple[int, str]] = ((_LAYER_7, "Server"), (_LAYER_2, "Switch"), (_LAYER_3, "Router"))
    return next((kind for layer, kind in layers if services & layer), None)
