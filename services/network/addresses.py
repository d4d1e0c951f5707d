"""MAC and IP addresses as users write them, in the one form that we keep."""

import ipaddress
import re

_EUI48 = re.compile(
    r"""(?: [0-9a-f]{2}(:[0-9a-f]{2}){5} | [0-9a-f]{2}(-[0-9a-f]{2}){5}
          | [0-9a-f]{4}(\.[0-9a-f]{4}){2} | [0-9a-f]{12} )""",
    re.IGNORECASE | re.VERBOSE,
)
_OTHER_IDENTIFIER = re.compile(r"[0-9A-Za-z:._-]{1,64}")
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
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        labels = text.removesuffix(".").split(".")
        if len(text) > 253 or labels[-1].isdigit() or not all(_HOST_LABEL.fullmatch(label) for label in labels):
            raise ValueError("neither an IPv4 or IPv6 address nor a host name") from None
        return text
