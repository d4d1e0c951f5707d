"""The drivers by name (services/network/drivers/__init__.py)."""

from typing import Any

import pytest

from services.network.drivers import OPTIONS, check_driver, check_options, parse_options
from services.network.drivers.host import HostOptions


def test_the_default_driver_and_the_real_one_are_there() -> None:
    assert {"simulated", "host"} <= OPTIONS.keys()


@pytest.mark.parametrize("driver", sorted(OPTIONS))
def test_each_driver_is_found_by_its_name(driver: str) -> None:
    assert check_driver(driver) is OPTIONS[driver]


def test_an_unknown_driver_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(ValueError, match=r"^there is no driver 'ping'; there are: .*host.*, simulated"):
        check_driver("ping")


def test_options_become_what_the_driver_wants() -> None:
    assert parse_options("host", {"interfaces": ["lo"]}) == HostOptions(interfaces=["lo"])


@pytest.mark.parametrize("driver", sorted(OPTIONS))
def test_an_unknown_option_is_refused_with_those_that_are_known(driver: str) -> None:
    known = ", ".join(sorted(OPTIONS[driver].model_fields))
    with pytest.raises(ValueError, match=rf"colour: Extra inputs are not permitted.*\(its options: {known}\)"):
        parse_options(driver, {"colour": 1})


def test_only_what_was_given_is_stored() -> None:
    assert check_options("simulated", {"seed": "5"}) == {"seed": 5}


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        ("host", {"interfaces": ["eth0\x00"]}),
        ("host", {"interfaces": ["lo", "\x00"]}),
    ],
)
def test_a_nul_that_postgres_cannot_store_is_refused(driver: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the NUL character is not allowed"):
        check_options(driver, options)
