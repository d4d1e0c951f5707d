"""What somebody types when asked which devices to add."""

from typing import Any

import pytest

from dashnet.discovery.choice import choose, to_entries


def make_found(number: int, known: int | None = None, credential: int | None = None, parent: int = 0) -> dict[str, Any]:
    proposal = {
        "mac_address": f"mac-{number}",
        "driver_options": {"port": 1161} if credential is not None else {},
        "parent": f"mac-{parent}" if parent else None,
    }
    return {"address": f"10.0.0.{number}", "known_device_id": known, "credential": credential, "proposal": proposal}


FOUND = [make_found(1, known=7), make_found(2, credential=1), make_found(3), make_found(4, credential=0), make_found(5)]


def numbers(text: str) -> list[int]:
    return [FOUND.index(one) + 1 for one in choose(text, FOUND)]  # type: ignore[arg-type]  # they are those dicts


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("all", [2, 3, 4, 5]),
        ("none", []),
        ("", []),
        ("snmp", [2, 4]),
        ("3", [3]),
        ("5, 2-3", [2, 3, 5]),
        ("2 2-2 4", [2, 4]),
    ],
)
def test_numbers_ranges_and_words_mean_devices(text: str, chosen: list[int]) -> None:
    assert numbers(text) == chosen


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1-3", "1: in the inventory already"),
        ("6", "6: the numbers go from 1 to 5"),
        ("0", "the numbers go from 1 to 5"),
        ("3-2", "3-2: the numbers go from 1 to 5"),
        ("2-9999999999", "is no number"),
        ("all,2", "'all' is no number: say numbers and ranges such as 1,3-5, or all, snmp or none"),
        ("-3", "is no number"),
        ("²", "is no number"),
    ],
)
def test_what_means_nothing_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        choose(text, FOUND)
    assert told in str(refused.value)


def test_entries_have_the_secrets_that_they_answered_to_and_parents_that_will_be_there() -> None:
    found = [
        make_found(1, known=7),
        make_found(2, credential=1, parent=1),
        make_found(3, parent=2),
        make_found(4, parent=3),
    ]
    credentials: list[dict[str, Any]] = [{"community": "first"}, {"community": "second", "port": 1161}]
    entries = to_entries([found[1], found[3]], found, credentials)
    assert entries == [
        {"mac_address": "mac-2", "driver_options": {"port": 1161, "community": "second"}, "parent": "mac-1"},
        {"mac_address": "mac-4", "driver_options": {}, "parent": None},
    ]
