"""What a device is, from what it says of itself: vendor, operating system, kind. Pure."""

import re
from collections.abc import Sequence

_ENTERPRISES = "1.3.6.1.4.1."
# Private Enterprise Numbers, as IANA registers them, of makers of what stands in networks.
_VENDORS = {
    2: "IBM",
    9: "Cisco",
    11: "HP",
    42: "Sun",
    43: "3Com",
    63: "Apple",
    111: "Oracle",
    119: "NEC",
    171: "D-Link",
    193: "Ericsson",
    207: "Allied Telesis",
    211: "Fujitsu",
    232: "HPE",
    253: "Xerox",
    259: "Edgecore",
    311: "Microsoft",
    318: "APC",
    343: "Intel",
    367: "Ricoh",
    476: "Vertiv",
    534: "Eaton",
    641: "Lexmark",
    674: "Dell",
    789: "NetApp",
    850: "Tripp Lite",
    890: "Zyxel",
    1248: "Epson",
    1347: "Kyocera",
    1588: "Brocade",
    1602: "Canon",
    1916: "Extreme Networks",
    1991: "Foundry",
    2011: "Huawei",
    2435: "Brother",
    2620: "Check Point",
    2636: "Juniper",
    3224: "NetScreen",
    3375: "F5",
    3902: "ZTE",
    4526: "Netgear",
    4881: "Ruijie",
    5624: "Enterasys",
    6027: "Force10",
    6486: "Alcatel-Lucent Enterprise",
    6527: "Nokia",
    6574: "Synology",
    6876: "VMware",
    8691: "Moxa",
    8741: "SonicWall",
    11863: "TP-Link",
    12356: "Fortinet",
    14179: "Cisco",
    14823: "Aruba",
    14988: "MikroTik",
    17713: "Cambium",
    18334: "Konica Minolta",
    24681: "QNAP",
    25053: "Ruckus",
    25461: "Palo Alto Networks",
    25506: "H3C",
    30065: "Arista",
    41112: "Ubiquiti",
    47196: "Aruba",
    55062: "QNAP",
}
_KINDS = {
    "Printer": {"Brother", "Canon", "Epson", "Konica Minolta", "Kyocera", "Lexmark", "Ricoh", "Xerox"},
    "UPS": {"APC", "Eaton", "Tripp Lite", "Vertiv"},
    "NAS": {"NetApp", "QNAP", "Synology"},
    "Firewall": {"Check Point", "Fortinet", "NetScreen", "Palo Alto Networks", "SonicWall"},
    "Access Point": {"Cambium", "Ruckus"},
}
_KIND_WORDS = (
    ("Access Point", r"\b(access ?point|wireless ap|aironet|unifi ap|uap)\b"),
    ("Printer", r"printer|laserjet|officejet|jetdirect"),
    ("Firewall", r"firewall|security appliance|pfsense|opnsense"),
    ("UPS", r"\bups\b"),
    ("NAS", r"diskstation|\bnas\b"),
    ("Switch", r"switch|catalyst|procurve|edgeswitch|\bcrs\d|\bs\d{4}-"),
    ("Router", r"router|\bisr\b"),
)
# The place after net-snmp's own enterprise tells the system that it runs on.
_NET_SNMP = "1.3.6.1.4.1.8072.3.2."
_NET_SNMP_SYSTEMS = {
    "3": "Solaris",
    "7": "NetBSD",
    "8": "FreeBSD",
    "10": "Linux",
    "12": "OpenBSD",
    "13": "Windows",
    "15": "AIX",
    "16": "macOS",
    "17": "DragonFly BSD",
}
# The first that fits; what stands in brackets is the version.
_SYSTEMS: Sequence[tuple[str, str]] = (
    ("Cisco IOS XR", r"Cisco IOS XR Software.*?Version ([^\s,\[]+)"),
    ("Cisco IOS XE", r"(?=.*IOS-?XE)Cisco IOS.*?Version ([^\s,]+)"),
    ("Cisco NX-OS", r"Cisco NX-OS.*?Version ([^\s,]+)"),
    ("Cisco IOS", r"(?:Cisco IOS|Cisco Internetwork Operating System) Software.*?Version ([^\s,]+)"),
    ("Cisco ASA", r"Cisco Adaptive Security Appliance Version (\S+)"),
    ("Junos", r"\bJUNOS ([^\s,]+)"),
    ("Arista EOS", r"Arista Networks EOS version (\S+)"),
    ("RouterOS", r"RouterOS(?: (\d\S+))?"),
    ("ExtremeXOS", r"ExtremeXOS.*?version (\S+)"),
    ("ArubaOS", r"ArubaOS.*?Version ([\d.]+)"),
    ("VRP", r"Versatile Routing Platform.*?Version ([\d.]+)"),
    ("VMware ESXi", r"VMware ESXi (\d\S+)"),
    ("Windows", r"Software: Windows Version ([\d.]+)"),
    ("macOS, Darwin", r"Darwin (?:Kernel Version |\S+ )(\d[\d.]*)"),
    ("Linux", r"^Linux \S+ (\d\S*)"),
    ("FreeBSD", r"FreeBSD (?:\S+ )?(\d\S*)"),
    ("OpenBSD", r"^OpenBSD \S+ (\d\S*)"),
    ("NetBSD", r"^NetBSD \S+ (\d\S*)"),
    ("SunOS", r"^SunOS \S+ (\d\S*)"),
)
# Bits of sysServices (RFC 1213): a layer each.
_LAYER_2, _LAYER_3, _LAYER_7 = 1 << 1, 1 << 2, 1 << 6


def vendor_of(object_id: str | None) -> str | None:
    """The maker whose sysObjectID this is, where known."""
    if object_id is None or not object_id.startswith(_ENTERPRISES):
        return None
    number = object_id.removeprefix(_ENTERPRISES).split(".")[0]
    return _VENDORS.get(int(number)) if number.isdecimal() else None


def model_in(description: str | None) -> str | None:
    """The model that a description names, where one is known to do so."""
    found = re.search(r"^RouterOS ([A-Z]\S+)|ExtremeXOS \(([^)]+)\)", description or "")
    return next((group for group in found.groups() if group), None) if found else None


def operating_system_of(description: str | None, object_id: str | None) -> str | None:
    """System and version that a description names, or the system alone that an agent of net-snmp stands for."""
    for name, pattern in _SYSTEMS:
        if found := re.search(pattern, description or "", re.DOTALL):
            return f"{name} {found[1]}" if found[1] else name
    if object_id is not None and object_id.startswith(_NET_SNMP):
        return _NET_SNMP_SYSTEMS.get(object_id.removeprefix(_NET_SNMP))
    return None


def device_type_of(vendor: str | None, description: str | None, services: int | None) -> str | None:
    """What kind of device this is: by its maker, by the words of its description, by the layers that it serves."""
    for kind, vendors in _KINDS.items():
        if vendor in vendors:
            return kind
    for kind, pattern in _KIND_WORDS:
        if re.search(pattern, description or "", re.IGNORECASE):
            return kind
    if not services:
        return None
    if services & _LAYER_7:
        return "Server"
    if services & _LAYER_2:
        return "Switch"
    return "Router" if services & _LAYER_3 else None
