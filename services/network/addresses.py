"""MAC and IP addresses as users write them, in the one form that we keep."""

import ipaddress
import re
from contextlib import suppress

_EUI48 = re.compile(
    r"""(?: [0-9a-f]{2}(:[0-9a-f]{2}){5} | [0-9a-f]{2}(-[0-9a-f]{2}){5}
          | [0-9a-f]{4}(\.[0-9a-f]{4}){2} | [0-9a-f]{12} )""",
    re.IGNORECASE | re.VERBOSE,
)
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
        digits = re.sub(r"[:.-]", "", text).upper()
        return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
    if _OTHER_IDENTIFIER.fullmatch(text):
        return text
    raise ValueError(
        "neither a MAC address such as 00:1B:44:11:3A:B7 nor 1 to 64 of the characters 0-9 A-Z a-z : . _ -"
    )


def normalize_ip_address(text: str) -> str:
    """An IPv4 or IPv6 address in its shortest form, or a host name as it is.

    Raises:
        ValueError: neither.
    """
    if _ADDRESS.fullmatch(text):
        with suppress(ValueError):
            return str(ipaddress.ip_address(text))
        labels = text.removesuffix(".").split(".")
        if not labels[-1].isdigit() and all(_HOST_LABEL.fullmatch(label) for label in labels):
            return text
    raise ValueError("neither an IPv4 or IPv6 address nor a host name")
