"""Devices of NetBox, from the CSV that its list of devices exports (docs/configuration.md has the mapping)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dashnet.fleet.csv_files import read_list
from dashnet.fleet.entries import Entry, Fleet, WrongLine
from dashnet.fleet.tables import normalize_name, read_table

_MOST_TAG_CHARACTERS = 64
_MOST_ADDRESS_CHARACTERS = 64

# Ours by NetBox's, as its headers read in lower case with an underscore between words; the first that is filled counts.
_COLUMNS = {
    "name": ("name", "device", "device_name"),
    "id": ("id",),
    "ip": ("primary_ip4", "primary_ipv4", "primary_ip", "ip_address", "primary_ip6", "primary_ipv6"),
    "mac": ("mac_address", "primary_mac_address"),
    "role": ("role", "device_role"),
    "platform": ("platform",),
    "status": ("status",),
    "site": ("site",),
    "manufacturer": ("manufacturer",),
    "model": ("device_type", "type", "model"),
    "tags": ("tags",),
}
_KNOWN = {column for columns in _COLUMNS.values() for column in columns}
_TAGGED = ("site", "manufacturer", "model")


def is_netbox(header: Sequence[str]) -> bool:
    """Whether these are the columns of NetBox, and not those of an export of ours."""
    columns = {normalize_name(name) for name in header}
    return bool(columns & set(_COLUMNS["name"])) and "host_name" not in columns


def read_netbox(text: str) -> Fleet:
    """The devices of NetBox's CSV. Columns that we have no place for, and devices without an address, are left out.

    Raises:
        WrongLine: this is no CSV, or has no column for the names or the addresses.
    """
    table = read_table(text)
    names = [normalize_name(name) for name in table.header]
    unknown = [one.strip() for one, name in zip(table.header, names, strict=True) if name not in _KNOWN]
    _check_header(table.line, names, unknown)
    left_out = [f"left out columns: {', '.join(unknown)}"] if unknown else []
    entries = []
    for line, row in table.rows:
        device = _pick(dict(zip(names, row, strict=True)))
        if device["ip"] and (device["name"] or device["id"]):
            entries.append(_to_entry(line, device))
        else:
            missing = "primary IP address" if device["name"] or device["id"] else "name"
            left_out.append(f"line {line}: left out {device['name'] or 'a device'}, it has no {missing}")
    return Fleet(entries, left_out)


def _check_header(line: int, names: Sequence[str], unknown: Sequence[str]) -> None:
    if not set(names) & set(_COLUMNS["name"]):
        raise WrongLine(line, "there is no column `name`: this is no export of NetBox's devices")
    if not set(names) & set(_COLUMNS["ip"]):
        told = f"; unknown are: {', '.join(unknown)} (switch NetBox to English before the export)" if unknown else ""
        raise WrongLine(line, f"there is no column for the address, such as `IP Address` or `primary_ip4`{told}")


def _pick(row: Mapping[str, str]) -> Mapping[str, str]:
    return {
        ours: next((row[column].strip() for column in columns if row.get(column, "").strip()), "")
        for ours, columns in _COLUMNS.items()
    }


def _to_entry(line: int, device: Mapping[str, str]) -> Entry:
    name = device["name"] or f"netbox-{device['id']}"
    fields: dict[str, Any] = {
        "host_name": name,
        "mac_address": device["mac"] or _made_up_address(device["id"] or name),
        "ip_address": device["ip"].split("/")[0],
        "tags": _tags(line, device),
    }
    if device["role"]:
        fields["device_type"] = device["role"]
    if device["platform"]:
        fields["operating_system"] = device["platform"]
    return Entry(fields, line)


def _made_up_address(name: str) -> str:
    """An identifier in the place of the MAC address that NetBox keeps with interfaces and not with devices."""
    return f"netbox-{re.sub('[^0-9A-Za-z._-]+', '-', name)}"[:_MOST_ADDRESS_CHARACTERS]


def _tags(line: int, device: Mapping[str, str]) -> list[str]:
    tags = read_list(line, device["tags"])
    tags += [f"{name}:{device[name]}" for name in _TAGGED if device[name]]
    if device["status"] and device["status"].lower() != "active":
        tags.append(f"status:{device['status'].lower()}")
    return [tag[:_MOST_TAG_CHARACTERS] for tag in tags]
