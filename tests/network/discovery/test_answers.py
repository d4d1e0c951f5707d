"""What is known already, and what could be added."""

from typing import Any

import orjson

from services.network.discovery.answers import describe_found
from services.network.discovery.finding import Finding, Run
from services.network.discovery.models import DiscoveryCreate, FoundBy
from services.network.discovery.shelf import encode_json
from tests.network.discovery.runs import NOW

MAC = "00:1B:44:11:3A:B7"


def found(*findings: Finding) -> list[Any]:
    run = Run("0" * 16, "10.0.0.0/28", 14, NOW, found={one.address: one for one in findings})
    kept: list[Any] = orjson.loads(encode_json(run.findings()))
    return kept


def device(number: int, **fields: str) -> dict[str, Any]:
    return {"id": number, "mac_address": f"other-{number}", "ip_address": f"192.0.2.{number}", **fields}


def test_the_best_driver_is_proposed() -> None:
    answered = Finding(
        "10.0.0.1", FoundBy.PING, credential=0, driver_options={"port": 1161}, system_name="core", device_type="Switch"
    )
    connected = Finding("10.0.0.2", FoundBy.TCP, 0.1, tcp_port=22, name="nas.lan")
    refused = Finding("10.0.0.3", FoundBy.TCP, 0.1)
    proposals = [one.proposal for one in describe_found(found(answered, connected, refused), [])]
    assert [(one.host_name, one.driver, one.driver_options) for one in proposals] == [
        ("core", "snmp", {"port": 1161}),
        ("nas.lan", "tcp", {"port": 22}),
        ("10.0.0.3", "icmp", {}),
    ]


def test_what_has_the_mac_address_or_the_address_of_a_device_is_known() -> None:
    one, two, three = (Finding(f"10.0.0.{number}", FoundBy.PING) for number in (1, 2, 3))
    one.mac_address = MAC
    devices = [device(7, ip_address="10.0.0.2"), device(8, mac_address=MAC), device(9, ip_address="10.0.0.2")]
    assert [which.known_device_id for which in describe_found(found(one, two, three), devices)] == [8, 7, None]


def test_no_two_proposals_share_an_identifier_and_parents_go_by_it() -> None:
    """A router with two addresses has one MAC address; a device in the inventory keeps the one that it has there."""
    one, two, three, four = (Finding(f"10.0.0.{number}", FoundBy.PING) for number in (1, 2, 3, 10))
    one.mac_address = two.mac_address = MAC
    three.parent_address, four.parent_address = "10.0.0.2", "10.0.0.3"
    described = describe_found(found(four, three, two, one), [device(7, ip_address="10.0.0.3")])
    assert [which.address for which in described] == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.10"]
    assert [which.proposal.mac_address for which in described] == [
        MAC,
        "address-10.0.0.2",
        "other-7",
        "address-10.0.0.10",
    ]
    assert [which.proposal.parent for which in described] == [None, None, "address-10.0.0.2", "other-7"]


def test_no_secret_is_proposed_or_shown_in_an_error() -> None:
    asked = DiscoveryCreate.model_validate({"network": "10.0.0.1", "credentials": [{"community": "geheim-7"}]})
    assert "geheim-7" not in repr(asked)
