from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.drivers.snmp.tables import read_interfaces
from services.network.drivers.snmp.values import Value

TABLE, X_TABLE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
WALKED = [*(f"{TABLE}.{n}" for n in (2, 3, 5, 7, 8)), *(f"{X_TABLE}.{n}" for n in (1, 6, 10, 15, 17, 18))]

values: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.binary(max_size=300), st.text(max_size=20), st.floats()
)


class Columns:
    """A device whose tables are these columns."""

    def __init__(self, columns: dict[str, dict[int, Value]]) -> None:
        self._columns = columns

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        raise NotImplementedError

    async def walk(self, column: str) -> dict[int, Value]:
        return self._columns.get(column, {})

    async def walk_rows(self, column: str) -> dict[tuple[int, ...], Value]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("high", "low", "speed"),
    [
        (1000, 10**9, 1000.0),
        (0, 64_000, 0.064),
        (None, 10**8, 100.0),
        (None, 2**32 - 1, None),
        (0, 0, None),
        (None, None, None),
        (b"x", -5, None),
        pytest.param(100_000_000, 100_000_000, 100.0, id="bits per second in both"),
        pytest.param(220_000_000, 220_000_000, 220.0, id="an odd speed in bits per second"),
        pytest.param(220_000_000, 2**32 - 1, 220.0, id="too fast to be Mbit/s"),
        pytest.param(64_000, 64_000, 0.064, id="an ISDN channel"),
        pytest.param(1000, 1000, 1000.0, id="Mbit/s in both"),
        pytest.param(-1000, 10**9, 1000.0, id="a negative ifHighSpeed"),
        pytest.param(-1, -1, None, id="negative"),
        pytest.param(2**32 - 1, 2**32 - 1, None, id="all ones"),
        pytest.param(4294, 2**32 - 1, None, id="made of all ones"),
        pytest.param(400_000, 2**32 - 1, 400_000.0, id="400 Gbit/s"),
    ],
)
async def test_the_line_speed_is_ifhighspeed_or_ifspeed(high: Value, low: Value, speed: float | None) -> None:
    columns: dict[str, dict[int, Value]] = {
        f"{TABLE}.3": {1: 6},
        f"{X_TABLE}.15": {1: high},
        f"{TABLE}.5": {1: low},
    }
    (found,) = await read_interfaces(Columns(columns))
    assert found.line_speed == speed


@pytest.mark.parametrize(("wide", "bits"), [({1: 5}, 64), ({}, 32), ({1: b"none"}, 32)])
async def test_counters_of_64_bits_are_taken_where_both_are_there(wide: dict[int, Value], bits: int) -> None:
    columns: dict[str, dict[int, Value]] = {
        f"{TABLE}.3": {1: 6},
        f"{X_TABLE}.6": {1: 5},
        f"{X_TABLE}.10": wide,
        f"{TABLE}.10": {1: 7},
        f"{TABLE}.16": {1: 8},
    }
    (found,) = await read_interfaces(Columns(columns))
    assert found.octet_bits == bits


@given(columns=st.dictionaries(st.sampled_from(WALKED), st.dictionaries(st.integers(0, 5), values)))
async def test_whatever_a_device_says_its_interfaces_have_names_of_their_own(
    columns: dict[str, dict[int, Value]],
) -> None:
    interfaces = await read_interfaces(Columns(columns))
    names = [one.name for one in interfaces]
    assert len(set(names)) == len(names)
    assert all(names)
