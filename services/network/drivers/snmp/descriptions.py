"""What a device is, read from the free text of its sysDescr. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.network.drivers.snmp.vendors import enterprise_of, vendor_of

# Regular expressions over what anybody may have written are slow in the worst case, so they see no more.
_MOST_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """What a description says: the maker, the model, the system with its version, the serial; null what it does not."""

    vendor: str | None = None
    model: str | None = None
    system: str | None = None
    serial: str | None = None


FIRMWARE = "Firmware"
_NUMBER = r"(?P<version>\d[\w.()-]*[\w)])"


def _rules(*rules: tuple[str, str | None, str]) -> Sequence[tuple[str, str | None, re.Pattern[str]]]:
    return [(system, vendor, re.compile(pattern, re.DOTALL)) for system, vendor, pattern in rules]


# The first that fits: the system, the maker where only it has this system, and where model, version and serial stand.
_RULES = _rules(
    ("Cisco IOS XR", "Cisco", r"Cisco IOS XR Software.*?Version (?P<version>[^\s,\[]+)"),
    ("Cisco IOS XE", "Cisco", r"(?=.*(?:IOS-?XE|LINUX_IOSD))\W?Cisco IOS.*?Version (?P<version>[^\s,]+)"),
    ("Cisco NX-OS", "Cisco", r"Cisco NX-OS\S* (?:Nexus\d+ (?P<model>C[^\s,]+),)?.*?Version (?P<version>[^\s,]+)"),
    (
        "Cisco IOS",
        "Cisco",
        r"(?:Cisco IOS|Cisco Internetwork Operating System) Software.*?Version (?P<version>[^\s,]+)",
    ),
    ("Cisco ASA", "Cisco", r"Cisco Adaptive Security Appliance Version (?P<version>\S+)"),
    (FIRMWARE, "Cisco", rf"Cisco Systems, Inc \S+ \((?P<model>[^)]+)\), Version {_NUMBER}"),
    ("Junos", "Juniper", r"Juniper Networks, Inc\. (?P<model>\S+) .*?\bJUNOS (?P<version>[^\s,]+)"),
    ("Junos", "Juniper", r"\bJUNOS (?P<version>[^\s,]+)"),
    (
        "Arista EOS",
        "Arista",
        r"Arista Networks EOS version (?P<version>\S+)(?: running on an Arista Networks (?P<model>\S+))?",
    ),
    ("RouterOS", "MikroTik", r"RouterOS (?P<version>\d\S*)(?: \(\w+\))?(?: on (?P<model>\S+))?"),
    ("RouterOS", "MikroTik", r"RouterOS(?: (?P<model>[A-Z]\S+))?"),
    ("SwOS", "MikroTik", r"^(?P<model>\S+) SwOS v(?P<version>\S+)"),
    ("ExtremeXOS", "Extreme Networks", r"ExtremeXOS(?: \((?P<model>[^)]+)\))?.*?version (?P<version>\S+)"),
    ("BOSS", None, r"Ethernet Routing Switch (?P<model>\S+)\s.*?SW:v?(?P<version>[\d.]+)"),
    ("ArubaOS", "Aruba", r"ArubaOS(?: \(MODEL: (?P<model>[^)]+)\))?.*?Version (?P<version>[\d.]+(?:-[\d.]+)?)"),
    ("ProVision", None, r"(?P<model>\bJ[A-Z0-9]\d\d\w\w \S+).*?, revision (?P<version>[A-Z]{1,2}\.[\d.]+\w*)"),
    ("ProVision", None, r"^(?:HPE?|ProCurve|Hewlett-Packard|Aruba) .*?, revision (?P<version>[A-Z]{1,2}\.\d[\d.]+\w*)"),
    ("Comware", None, r"Comware.*?Software Version (?P<version>[\d.]+)(?:.*?(?:HPE?|H3C|3Com) (?P<model>\S*\d\S*))?"),
    (
        "VRP",
        "Huawei",
        r"(?:Huawei (?P<model>[A-Z]+\d\S*)\s.*?)?Versatile Routing Platform.*?"
        r"Version (?P<version>[\d.]+)(?: \(\S+ (?P<release>V\w+)\))?",
    ),
    ("VMware ESXi", "VMware", r"VMware ESXi (?P<version>\d\S+)"),
    ("pfSense", None, r"^pfSense (?P<version>\S+)"),
    ("OPNsense", None, r"OPNsense (?P<version>\d\S+)"),
    ("TrueNAS", "TrueNAS", rf"^TrueNAS-{_NUMBER}"),
    ("FreeNAS", "TrueNAS", rf"^FreeNAS-{_NUMBER}"),
    ("OneFS", "Isilon", r"OneFS .*?v(?P<version>\d[\d.]*)"),
    ("Data Domain OS", "Data Domain", r"Data Domain OS (?P<version>\S+)"),
    ("NimbleOS", "Nimble", r"^Nimble Storage .*?software version (?P<version>\S+)"),
    ("SonicOS", "SonicWall", r"SonicWALL (?P<model>[^(]+?) \(SonicOS(?: [A-Z]\w+)? (?P<version>[^)]+)\)"),
    ("EdgeOS", "Ubiquiti", r"^EdgeOS v(?P<version>\d+\.\d+\.\d+)"),
    (
        "UniFi",
        "Ubiquiti",
        r"^(?P<model>(?:UAP|USW|U6|U7|UDM|UXG|USG|USP)[^,]*?),?(?: firmware)? (?P<version>\d+\.\d+\.\d+\.\d+)",
    ),
    ("KeeneticOS", "Keenetic", r"^(?P<model>.+?) \(KeeneticOS (?P<version>[\w.-]+)\)"),
    ("PicOS", "Pica8", r"Pica8, Inc\. PicOS(?: for (?P<model>\S+))?"),
    ("ESPHome", None, r"^ESPHome version (?P<version>\S+)"),
    ("AXIS OS", "Axis", r"^; AXIS (?P<model>[^;]+); [^;]+; (?P<version>[\d.]+)"),
    ("APC AOS", "APC", r"^APC .*?\bPF:v(?P<version>[\d.]+) PN:\w+_aos_"),
    ("innovaphone", "innovaphone", r"^(?P<version>\d+r\d+(?: sr\d+)?) (?P<model>IP\w+)\["),
    (FIRMWARE, "Opengear", r"^Opengear (?P<model>[^,]+),.*?OpenGear/\S+ Version (?P<version>[\d.]+)"),
    (FIRMWARE, "BDCOM", rf"^BDCOM\(tm\) (?P<model>\S+) Software, Version {_NUMBER}"),
    (FIRMWARE, "D-Link", r"^(?P<model>(?:WS6-)?D[A-Z]S-\S+) +(?P<version>\d+\.[\d.]+\w*)"),
    (FIRMWARE, "Netgear", r"^(?P<model>[A-Z]+\d\S*) ProSafe .*?, (?P<version>\d+(?:\.\d+){3})"),
    (FIRMWARE, "Dell", r"^Power[Cc]onnect (?P<model>\S+), (?P<version>\d[\d.]+)"),
    (FIRMWARE, "Ricoh", r"^RICOH (?P<model>.+?) (?P<version>\d+\.[\d.]+) / RICOH"),
    (FIRMWARE, "Brother", r"^Brother \S+, Firmware Ver\.(?P<version>[\w.]+)"),
    ("", "HP", r"^HP ETHERNET MULTI-ENVIRONMENT.*?,SN:(?P<serial>\w+),.*?PID:(?P<model>HP [^,]+)"),
    ("", "Ruijie", r"^Ruijie .*?\((?P<model>[A-Z]+\d[^)\s]*)\)"),
    (FIRMWARE, None, r"\b[Ff]irmware (?:[Vv]ersion )?v?(?P<version>\d+\.\w[\w.]*)"),
)
# Kernels: of a machine, not of a product.
_KERNELS = _rules(
    ("macOS, Darwin", "Apple", r"Darwin (?:Kernel Version |\S+ )(?P<version>\d[\d.]*)"),
    ("Linux", None, r"^Linux \S+ (?P<version>\d\S*)"),
    ("FreeBSD", None, r"FreeBSD (?:\S+ )??(?P<version>\d\S*)"),
    ("OpenBSD", None, r"^OpenBSD \S+ (?P<version>\d\S*)"),
    ("NetBSD", None, r"^NetBSD \S+ (?P<version>\d\S*)"),
    ("SunOS", None, r"^SunOS \S+ (?P<version>\d\S*)"),
)
# Makers whose machines run what their kernel is called, and agents that belong to no maker.
_OF_MACHINES = {None, "FreeBSD", "Apple", "Sun", "Oracle", "IBM"}
# Descriptions that are a maker's name and a model, or a model alone.
_NAMED = re.compile(r"(?P<model>(?=\S*(?: \S+)?\d)[\w.+/-]+(?: [\w.+/-]+){0,3})$")
_ORDINARY_WORDS = re.compile(r"( (Managed|Smart|Industrial|Ethernet|Switch|Router|Firewall))+$")
_FAMILY = re.compile(r"\bseries\b", re.IGNORECASE)
_MODEL_ALONE, _MODELS_ALONE = re.compile(r"[A-Z]{2,}[\w+/-]*\d[\w+/-]*$"), {"Zyxel"}
_SPOKEN_NAMES = {"Ruckus": ("Ruckus Wireless",)}
# The place after net-snmp's own enterprise tells the system that it runs on.
_NET_SNMP = (8072, 3, 2)
_NET_SNMP_SYSTEMS = {
    3: "Solaris",
    7: "NetBSD",
    8: "FreeBSD",
    10: "Linux",
    12: "OpenBSD",
    13: "Windows",
    15: "AIX",
    16: "macOS",
    17: "DragonFly BSD",
}


def read_description(description: str | None, object_id: str | None) -> Said:
    """Return what a description says; the sysObjectID tells a product from a machine that runs a known kernel."""
    text = (description or "")[:_MOST_CHARACTERS]
    vendor = vendor_of(object_id)
    if said := _fit(_RULES, text):
        return said
    if vendor in _OF_MACHINES and (said := _fit(_KERNELS, text)):
        return said
    if model := _model_alone(text, vendor):
        return Said(model=model)
    numbers = enterprise_of(object_id) or ()
    system = _NET_SNMP_SYSTEMS.get(numbers[3]) if numbers[:3] == _NET_SNMP and len(numbers) > 3 else None
    return Said(system=system)


def _fit(rules: Sequence[tuple[str, str | None, re.Pattern[str]]], text: str) -> Said | None:
    for system, vendor, pattern in rules:
        if found := pattern.search(text):
            groups = found.groupdict()
            version = groups.get("version")
            named = f"{system} {version}" if version else system
            named = f"{named} ({groups['release']})" if groups.get("release") else named
            return Said(vendor, groups.get("model"), named or None, groups.get("serial"))
    return None


def _model_alone(text: str, vendor: str | None) -> str | None:
    """Return the model where a description is nothing but the maker's name and a model, or the model of some makers."""
    if vendor in _MODELS_ALONE and _MODEL_ALONE.match(text):
        return text
    for name in (*_SPOKEN_NAMES.get(vendor or "", ()), *((vendor,) if vendor else ())):
        if text.lower().startswith(f"{name.lower()} ") and (found := _NAMED.match(text[len(name) + 1 :])):
            model = found["model"]
            is_one = any(map(str.isdigit, model)) and not _FAMILY.search(model)
            return _ORDINARY_WORDS.sub("", model) if is_one else None
    return None
