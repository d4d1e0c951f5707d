"""GET /drivers/: what a form for a device's options can be drawn from."""

from typing import Any

import httpx
import jsonschema
import pytest

from services.network.driver_list import describe_driver
from services.network.drivers import OPTIONS
from tests.factories import make_device

# For each driver options that it takes and ones that it does not.
TAKEN = [
    ("simulated", {"profile": "realistic", "seed": 3}, {"profile": "odd"}),
    ("host", {"interfaces": ["lo"]}, {"interfaces": []}),
    ("icmp", {"packets": 5, "interval_seconds": 0.1}, {"packets": 0}),
    ("tcp", {"port": 22}, {}),
    ("http", {"url": "https://127.0.0.1/", "expected_statuses": ["2xx", "401"]}, {"expected_statuses": ["ok"]}),
    ("dns", {"query_name": "a.test", "expected": []}, {"query_name": "a.test", "record_type": "ANY"}),
]


def schema_of(driver: str) -> dict[str, Any]:
    return describe_driver(driver, OPTIONS[driver]).options_schema


async def test_all_drivers_are_listed_in_order_with_what_they_do(network: httpx.AsyncClient) -> None:
    answer = await network.get("/drivers/")
    assert answer.status_code == 200
    assert [driver["name"] for driver in answer.json()] == sorted(OPTIONS)
    assert all(driver["description"] for driver in answer.json())


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_a_driver_is_described_as_the_device_that_it_reads(name: str) -> None:
    """People read this above the options when they add one; `snmp` spoke of sessions and tables."""
    description = describe_driver(name, OPTIONS[name]).description
    assert description.startswith(("A ", "This machine", "Echo requests"))


async def test_only_drivers_that_can_ask_a_device_what_it_is_say_so(network: httpx.AsyncClient) -> None:
    able = [driver["name"] for driver in (await network.get("/drivers/")).json() if driver["can_describe"]]
    other = (await network.post("/devices/", json=make_device())).json()["id"]
    refusal = (await network.get(f"/devices/{other}/facts")).json()["detail"]
    assert able == refusal.split("these can: ")[1].split(", ")


@pytest.mark.parametrize("driver", sorted(OPTIONS))
def test_each_schema_is_one_of_2020_12_and_takes_no_unknown_option(driver: str) -> None:
    schema = schema_of(driver)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(("driver", "good", "bad"), TAKEN)
async def test_a_schema_takes_what_the_driver_takes(
    network: httpx.AsyncClient, driver: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    validator = jsonschema.Draft202012Validator(schema_of(driver))
    posted = [
        (await network.post("/devices/", json=make_device(driver=driver, driver_options=options))).status_code
        for options in (good, bad)
    ]
    assert (validator.is_valid(good), validator.is_valid(bad), posted) == (True, False, [201, 422])


def test_secrets_are_marked_as_write_only() -> None:
    properties = schema_of("http")["properties"]
    secret = {name for name, option in properties.items() if "writeOnly" in str(option)}
    assert secret == {"password", "bearer_token"}


@pytest.mark.parametrize("driver", ["icmp", "tcp", "http", "dns"])
def test_every_option_of_a_check_says_what_it_is_for(driver: str) -> None:
    properties = schema_of(driver)["properties"]
    assert [name for name, option in properties.items() if not option.get("description")] == []


def test_a_driver_describes_itself_in_the_words_of_its_module() -> None:
    assert describe_driver("tcp", OPTIONS["tcp"]).description.startswith("A port that takes connections")
