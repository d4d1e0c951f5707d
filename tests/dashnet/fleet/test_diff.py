from typing import Any

from dashnet.fleet.diff import SHOWN_DEVICES, describe_changes

MASK = "*" * 10


def told(**changes: Any) -> list[str]:
    usual = {"dry_run": False, "created": [], "changed": [], "removed": [], "unchanged": 0}
    return [str(line) for line in describe_changes(usual | changes)]


def named(name: str, *changes: tuple[str, object, object]) -> dict[str, Any]:
    fields = [{"field": field, "before": before, "after": after} for field, before, after in changes]
    return {"id": 1, "host_name": name, "mac_address": "m", "changes": fields}


def test_each_device_and_field_has_a_line() -> None:
    changed = named(
        "b",
        ("ip_address", "10.0.0.1", "10.0.0.2"),
        ("tags", ["x"], []),
        ("parent", None, "r"),
        ("operating_system", "", "Debian"),
        ("driver_options.a", MASK, MASK),
        ("driver_options.b", None, MASK),
        ("driver_options.c", MASK, None),
        ("driver_options.d", {"A": MASK}, {"B": MASK}),
    )
    assert told(created=[named("a")], changed=[changed], removed=[named("c")], unchanged=1234) == [
        "+ a (m)",
        "~ b (m)",
        "    ip_address: 10.0.0.1 -> 10.0.0.2",
        '    tags: ["x"] -> []',
        "    parent: none -> r",
        '    operating_system: "" -> Debian',
        "    driver_options.a: another secret",
        "    driver_options.b: secret set",
        "    driver_options.c: secret removed",
        '    driver_options.d: {"A":"**********"} -> {"B":"**********"}',
        "- c (m)",
        "1 added, 1 changed, 1 removed, 1,234 as they were",
    ]


def test_a_dry_run_speaks_of_what_would_be() -> None:
    assert told(dry_run=True, created=[named("a")])[-1] == "1 to add, 0 as they were"


def test_nothing_to_do_is_said() -> None:
    assert told(unchanged=3) == ["nothing to do, 3 as they were"]


def test_a_long_list_is_cut_and_counted() -> None:
    lines = told(created=[named(str(number)) for number in range(SHOWN_DEVICES + 5)])
    assert lines[-2:] == ["+ and 5 more", f"{SHOWN_DEVICES + 5} added, 0 as they were"]
