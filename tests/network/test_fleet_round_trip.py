"""Whatever devices there are: what is exported is imported as the same, and into an empty inventory too."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dashnet.fleet.csv_files import write_csv
from dashnet.fleet.entries import Fleet
from dashnet.fleet.export import to_fleet
from dashnet.fleet.files import parse_fleet
from dashnet.fleet.formats import FileFormat
from dashnet.fleet.yaml_files import read_yaml, write_yaml
from services.network.changes import Changes
from services.network.fleet_packing import PackedEntry, pack_entry, pack_fields
from services.network.fleet_plan import Mode, plan_fleet
from services.network.models import DeviceCreate, DeviceEntry
from services.network.sealing import SealedDevice, seal
from services.network.secret_keys import SecretKeys

KEYS = SecretKeys([bytes(32)])

# Names that look like something else, beside any text.
TEXTS = st.sampled_from(
    [
        "no",
        "~",
        "null",
        "007",
        "1e3",
        "12:30",
        "${HOME}",
        "=1+1",
        "'",
        "a;=1",
        "\t@a",
        "\r",
        "sep=;",
        "- a",
        "a: b",
        "#",
        "*a",
        "!x",
        "<<",
        '"',
        "a,b;c",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
HEADERS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
OPTIONS: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(st.just("simulated"), st.fixed_dictionaries({}, optional={"seed": st.integers(0, 2**63 - 1)})),
    st.tuples(st.just("host"), st.fixed_dictionaries({"interfaces": st.lists(TEXTS, max_size=3)})),
    st.tuples(
        st.just("http"),
        st.fixed_dictionaries(
            {},
            optional={
                "expected_text": TEXTS,
                "headers": st.dictionaries(st.sampled_from(["X-A", "123", "~", "no"]), HEADERS, max_size=2),
                "bearer_token": TEXTS,
                "timeout_seconds": st.floats(0.1, 30),
                "follow_redirects": st.booleans(),
            },
        ),
    ),
)


def _names(number: int) -> st.SearchStrategy[dict[str, str]]:
    """A host name and a MAC address, or a host name that no other device has."""
    macs = st.sampled_from([f"{start}{number}" for start in ("02:00:00:00:00:0", "10:11:12:13:14:1", "m-")])
    return st.fixed_dictionaries({"host_name": TEXTS, "mac_address": macs}) | st.just({"host_name": f"no {number}"})


@st.composite
def inventories(draw: st.DrawFn) -> Changes:
    """Valid devices with parents, as the network service has them stored."""
    count = draw(st.integers(2, 8))
    sealed: dict[int, SealedDevice] = {}
    for number in range(count):
        driver, options = draw(OPTIONS)
        fields = {
            **draw(_names(number)),
            "ip_address": draw(st.ip_addresses().map(str) | st.sampled_from(["nas.example.org", "no", "1e3"])),
            "device_type": draw(TEXTS),
            "operating_system": draw(TEXTS),
            "driver": driver,
            "driver_options": options,
            "tags": draw(st.lists(TEXTS, max_size=3)),
            "parent_id": draw(st.none() | st.sampled_from([*sealed])) if sealed else None,
        }
        try:
            sealed[draw(st.integers(1, 1000).filter(lambda one: one not in sealed))] = seal(
                DeviceCreate.model_validate(fields), KEYS
            )
        except ValidationError:
            continue
    devices = [{"id": one, **device.device.model_dump()} for one, device in sorted(sealed.items())]
    tokens = {one: device.tokens for one, device in sealed.items() if device.tokens}
    return Changes("a", 1, devices, [], tokens)


def from_yaml(devices: Sequence[Any]) -> Fleet:
    return read_yaml(write_yaml(devices), {})


def from_csv(devices: Sequence[Any]) -> Fleet:
    # A file without a device is refused.
    return parse_fleet(write_csv(devices).encode(), "fleet.csv", FileFormat.CSV) if devices else Fleet([])


def entries_of(fleet: Fleet) -> list[PackedEntry]:
    return [pack_entry(DeviceEntry.model_validate(dict(entry.fields))) for entry in fleet.entries]


@pytest.mark.parametrize("travel", [from_yaml, from_csv])
@pytest.mark.parametrize("keep", [True, False])
@settings(max_examples=60)
@given(inventory=inventories())
def test_nothing_changes_on_the_way_out_and_back(
    travel: Callable[[Sequence[Any]], Fleet], keep: bool, inventory: Changes
) -> None:
    entries = entries_of(travel(to_fleet(inventory.changed)))
    mode = Mode(prune=True, keep=keep, new_driver="simulated")
    stored = {one["id"]: pack_fields(one, inventory.tokens.get(one["id"], {})) for one in inventory.changed}
    plan = plan_fleet(entries, stored, mode, KEYS) if entries else None
    assert plan is None or (plan.is_empty and plan.unchanged == len(inventory.changed))


@pytest.mark.parametrize("travel", [from_yaml, from_csv])
@settings(max_examples=60)
@given(inventory=inventories())
def test_an_empty_inventory_becomes_the_same_fleet_but_for_secrets(
    travel: Callable[[Sequence[Any]], Fleet], inventory: Changes
) -> None:
    fleet = to_fleet(inventory.changed)
    entries = entries_of(travel(fleet))
    plan = plan_fleet(entries, {}, Mode(prune=False, keep=False, new_driver="host"), KEYS)
    created = [{"id": one, **packed.unpack().device.model_dump()} for one, packed in plan.created.items()]
    assert to_fleet(created) == fleet
