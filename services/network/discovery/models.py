"""A discovery as it goes over the wire in each direction."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from services.network.discovery.scope import parse_network
from services.network.drivers.snmp.options import SnmpOptions

MOST_CREDENTIALS = 8

_NETWORK = Field(description="A network, or a single address", examples=["192.168.1.0/24"])
_Credentials = Annotated[list[SnmpOptions], Field(max_length=MOST_CREDENTIALS)]
_Ports = Annotated[list[Annotated[int, Field(strict=True, ge=1, le=65535)]], Field(min_length=1, max_length=8)]


class DiscoveryCreate(BaseModel):
    """What to look at and how. Credentials live as long as the run, in its memory, and are never answered."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    network: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64), _NETWORK]
    credentials: _Credentials = Field(
        default_factory=list,
        description="Options of driver `snmp` to try, in this order: a community, or a user of version 3",
    )
    names: bool = Field(True, strict=True, description="Ask name servers for the names of what is found")
    packets_per_second: int = Field(
        256,
        strict=True,
        ge=10,
        le=2048,
        description="So many pings, connections and first SNMP requests at the most",
    )
    tcp_ports: _Ports = Field([22, 80, 443, 445], description="Ports to try where pings are not permitted")

    @field_validator("network")
    @classmethod
    def _check_network(cls, network: str) -> str:
        return str(parse_network(network))


class Outcome(StrEnum):
    """How a run ended; `broken_off` when the service that ran it died or was stopped."""

    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    BROKEN_OFF = "broken_off"


class FoundBy(StrEnum):
    """What told that there is a device: its answer to a ping or a TCP port, to SNMP, or to this system's ARP."""

    PING = "ping"
    TCP = "tcp"
    SNMP = "snmp"
    ARP = "arp"


class ProposedDevice(BaseModel):
    """A device as `PUT /devices/` takes it, but for the secrets of its driver; `parent` is a MAC address.

    Without a known MAC address `mac_address` is an identifier made of the address, such as `address-192.168.1.9`.
    """

    host_name: str
    mac_address: str
    ip_address: str
    device_type: str
    operating_system: str
    driver: str
    driver_options: dict[str, Any]
    parent: str | None


class FoundDevice(BaseModel):
    """What answered at an address, null where it is not known.

    `credential` is the place, from 0, of the credentials that it answered to; `parent_address` that of the device it
    lies behind; `error` why it could not be asked. `known_device_id` is the device of the inventory that has this MAC
    or IP address.
    """

    address: str
    found_by: FoundBy
    round_trip_seconds: float | None
    tcp_port: int | None
    name: str | None
    mac_address: str | None
    credential: int | None
    system_name: str | None
    description: str | None
    vendor: str | None
    model: str | None
    serial: str | None
    operating_system: str | None
    device_type: str | None
    parent_address: str | None
    error: str | None
    known_device_id: int | None
    proposal: ProposedDevice


class DiscoverySummary(BaseModel):
    """A run. `outcome` is null while it runs, `progress` goes from 0 to 1, `stage` says what it does now.

    `notes` tell what it could not do, such as pings that are not permitted.
    """

    id: str
    network: str
    address_count: int
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None
    progress: float
    stage: str
    found_count: int
    notes: list[str]
    error: str | None


class DiscoveryPublic(DiscoverySummary):
    """A run with what it has found so far, in the order of addresses."""

    found: list[FoundDevice]
