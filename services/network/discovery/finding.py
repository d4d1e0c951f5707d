"""What a run knows so far: of itself, and of each address that answered."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.network.discovery.models import FoundBy, Outcome


@dataclass(slots=True)
class Finding:
    """An address at which there is a device; the fields are those of `FoundDevice`."""

    address: str
    found_by: FoundBy
    round_trip_seconds: float | None = None
    tcp_port: int | None = None
    name: str | None = None
    mac_address: str | None = None
    credential: int | None = None
    # What the proposed device needs of that credential, secrets left out.
    driver_options: dict[str, Any] = field(default_factory=dict)
    system_name: str | None = None
    description: str | None = None
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    operating_system: str | None = None
    device_type: str | None = None
    parent_address: str | None = None
    error: str | None = None


@dataclass(slots=True)
class Run:
    """A discovery; `found` by address."""

    id: str
    network: str
    address_count: int
    started_at: datetime
    finished_at: datetime | None = None
    outcome: Outcome | None = None
    progress: float = 0.0
    stage: str = "waiting"
    notes: list[str] = field(default_factory=list)
    error: str | None = None
    found: dict[str, Finding] = field(default_factory=dict)

    def note(self, text: str) -> None:
        """Tell once what could not be done."""
        if text not in self.notes:
            self.notes.append(text)

    def head(self) -> dict[str, Any]:
        """All but what was found, for JSON."""
        fields = ("id", "network", "address_count", "started_at", "finished_at", "outcome", "progress", "stage")
        head = {name: getattr(self, name) for name in (*fields, "notes", "error")}
        return {**head, "found_count": len(self.found)}

    def findings(self) -> list[Finding]:
        """What was found, for JSON, in no order."""
        return [*self.found.values()]
