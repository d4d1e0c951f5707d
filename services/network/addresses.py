"""MAC and IP addresses as users write them, in the one form that we keep."""

import ipaddress
import re
from contextlib import suppress

_EUI48 = re.compile("[0-9A-F]{2}(?::[0-9A-F]{2}){5}")
# Bytes, of which net-snmp and macOS leave out a leading zero, groups of two bytes, or all of it without a sign.
_EUI48_BYTES = re.compile(r"[0-9a-f]{1,2}([:.-])[0-9a-f]{1,2}(?:\1[0-9a-f]{1,2}){4}", re.IGNORECASE)
_EUI48_GROUPS = re.compile(r"[0-9a-f]{4}([:.-])[0-9a-f]{4}\1[0-9a-f]{4}|[0-9a-f]{6}([:.-])[0-9a-f]{6}", re.IGNORECASE)
_EUI48_BARE = re.compile(r"(?:0x)?([0-9a-f]{12})", re.IGNORECASE)
_OTHER_IDENTIFIER = re.compile(r"[0-9A-Za-z:._-]{1,64}")
# An IPv6 scope, such as the eth0 in fe80::1%eth0, may hold anything as far as Python cares.
_ADDRESS = re.compile(r"[0-9a-z:._%-]{1,253}", re.IGNORECASE)
_HOST_LABEL = re.compile(r"(?!-)[0-9a-z_-]{1,63}(?<!-)", re.IGNORECASE)


def normalize_mac_address(text: str) -> str:
    """An EUI-48 in any usual notation becomes `00:1B:44:11:3A:B7`; another identifier is taken as it is.

    Raises:
        ValueError: neither.
    """
    if _EUI48.fullmatch(text):
        return text
    digits = _to_digits(text).upper()
    if digits:
        return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
    if _OTHER_IDENTIFIER.fullmatch(text):
        return text
    raise ValueError(
        "neither a MAC address such as 00:1B:44:11:3A:B7 nor 1 to 64 of the characters 0-9 A-Z a-z : . _ -"
    )


def _to_digits(text: str) -> str:
    """The twelve digits of an EUI-48; empty where this is none."""
    # Some tools put blanks between the bytes.
    text = re.sub(" +", ":", text)
    if _EUI48_BYTES.fullmatch(text):
        return "".join(part.zfill(2) for part in re.split("[:.-]", text))
    if _EUI48_GROUPS.fullmatch(text):
        return re.sub("[:.-]", "", text)
    bare = _EUI48_BARE.fullmatch(text)
    return bare[1] if bare else ""


def normalize_ip_address(text: str) -> str:
    """An IPv4 or IPv6 address in its shortest form, or a host name as it is; one with umlauts as DNS has it.

    Raises:
        ValueError: neither.
    """
    with suppress(UnicodeError):
        text = text if text.isascii() else text.encode("idna").decode()
    if _ADDRESS.fullmatch(text):
        with suppress(ValueError):
            return str(ipaddress.ip_address(text))
        labels = text.removesuffix(".").split(".")
        if not labels[-1].isdigit() and all(_HOST_LABEL.fullmatch(label) for label in labels):
            return text
    raise ValueError("neither an IPv4 or IPv6 address nor a host name")
