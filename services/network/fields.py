"""Types of a device's fields: what each may hold, and the one form in which it is kept."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from services.network.addresses import normalize_ip_address, normalize_mac_address
from services.network.drivers import OPTIONS

LARGEST_ID = 2**31 - 1

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _refuse_control_characters(text: str) -> str:
    if _CONTROL_CHARACTER.search(text):
        raise ValueError("control characters are not allowed")
    return text


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=255), AfterValidator(_refuse_control_characters)
]
RequiredText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
    AfterValidator(_refuse_control_characters),
]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    AfterValidator(_refuse_control_characters),
]
MacAddress = Annotated[
    RequiredText,
    AfterValidator(normalize_mac_address),
    Field(examples=["00:1B:44:11:3A:B7"], json_schema_extra={"pattern": r"^\s*[0-9A-Za-z:. _-]{1,64}\s*$"}),
]
# Not every device has one that is known; what is empty, as a form sends it, is none.
OptionalMacAddress = Annotated[
    MacAddress | None, BeforeValidator(lambda given: None if isinstance(given, str) and not given.strip() else given)
]
IpAddress = Annotated[
    RequiredText,
    AfterValidator(normalize_ip_address),
    Field(examples=["10.0.0.7"], json_schema_extra={"pattern": r"^\s*[0-9A-Za-z:._%\u0080-\uffff-]{1,253}\s*$"}),
]
DriverName = Annotated[RequiredText, Field(json_schema_extra={"enum": sorted(OPTIONS)})]
ParentId = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]
