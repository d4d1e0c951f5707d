"""The options of driver `snmp`: how to speak to a device, and which of its interfaces to keep."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from services.network.drivers.driver import DriverOptions

MOST_INTERFACES = 512

# RFC 3414 asks for eight characters, and agents refuse fewer.
_Key = Annotated[SecretStr, Field(min_length=8, max_length=255)]
_Pattern = Annotated[str, StringConstraints(min_length=1, max_length=255)]
_Patterns = Annotated[list[_Pattern], Field(min_length=1, max_length=64)]
_Version3 = ("user", "auth_protocol", "auth_key", "priv_protocol", "priv_key")


class AuthProtocol(StrEnum):
    """How SNMPv3 messages are signed."""

    SHA1 = "SHA1"
    SHA224 = "SHA224"
    SHA256 = "SHA256"
    SHA384 = "SHA384"
    SHA512 = "SHA512"


class PrivProtocol(StrEnum):
    """How SNMPv3 messages are encrypted; those with a C stretch short keys as Cisco does."""

    AES128 = "AES128"
    AES192 = "AES192"
    AES256 = "AES256"
    AES192C = "AES192C"
    AES256C = "AES256C"


class SnmpOptions(DriverOptions):
    """How to read a device by SNMP, and which of its interfaces to keep (default: physical and up)."""

    version: Literal["1", "2c", "3"] = Field("2c", description="SNMP version; 1 has no 64-bit counters.")
    port: int = Field(161, ge=1, le=65535, description="UDP port of the agent.")
    community: Annotated[SecretStr, Field(min_length=1, max_length=255)] | None = Field(
        None, description="Community, the password of versions 1 and 2c."
    )
    user: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = Field(
        None, description="User of version 3."
    )
    auth_protocol: AuthProtocol = Field(AuthProtocol.SHA256, description="Signature of version 3, with auth_key.")
    auth_key: _Key | None = Field(None, description="Password that signs, of version 3. Without it nothing is signed.")
    priv_protocol: PrivProtocol = Field(PrivProtocol.AES128, description="Encryption of version 3, with priv_key.")
    priv_key: _Key | None = Field(None, description="Password that encrypts. Without it nothing is encrypted.")
    timeout_seconds: float = Field(2.0, ge=0.1, le=30, description="How long each request waits for its answer.")
    retries: int = Field(2, ge=0, le=10, description="How often a request without an answer is sent again.")
    interfaces: _Patterns | None = Field(
        None, description="Names to keep, or patterns of them with * and ?, such as ge-0/0/*."
    )
    interface_aliases: _Patterns | None = Field(None, description="Keep those with such an alias (with * and ?).")
    interface_types: (
        Annotated[list[Annotated[int, Field(ge=1, le=65535)]], Field(min_length=1, max_length=64)] | None
    ) = Field(None, description="Keep those of these types, by IANA's numbers: 6 is Ethernet.")
    busiest: int | None = Field(
        None, ge=1, le=MOST_INTERFACES, description="Of those, keep only so many, with most traffic."
    )

    @property
    def chooses_by_itself(self) -> bool:
        """Whether nobody said which interfaces to keep."""
        return self.interfaces is None and self.interface_aliases is None and self.interface_types is None

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        given = self.model_fields_set
        if self.version != "3":
            if self.community is None:
                raise ValueError(f'version {self.version} needs a community; for SNMPv3 say "version": "3" and a user')
            if wrong := [name for name in _Version3 if name in given and getattr(self, name) is not None]:
                raise ValueError(f'{", ".join(wrong)}: only for SNMPv3; say "version": "3", or leave it out')
            return self
        if self.user is None:
            raise ValueError("version 3 needs a user")
        if self.community is not None:
            raise ValueError("version 3 has no community; leave it out, or say version 2c or 1")
        if self.priv_key is not None and self.auth_key is None:
            raise ValueError("priv_key needs an auth_key: SNMPv3 encrypts only what it signs")
        return self
