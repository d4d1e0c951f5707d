import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashnet.interface_part import cut_part, join_part, pack_interfaces, unpack_json
from tests.interfaces import make_interface

NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=4)


@given(st.dictionaries(st.integers(1, 2**31), NAMES, max_size=5))
def test_what_was_packed_and_joined_comes_out_again(names: dict[int, list[str]]) -> None:
    shown = {one: [make_interface(name) for name in its] for one, its in names.items()}
    part = join_part({one: pack_interfaces(its) for one, its in shown.items()})
    assert {one: orjson.loads(unpack_json(packed)) for one, packed in cut_part(part).items()} == shown


def test_where_there_is_nothing_nothing_goes_beside() -> None:
    assert join_part({}) == b""
    assert cut_part(b"") == {}
    assert unpack_json(None) == b"[]"


def test_a_part_that_was_cut_short_is_told() -> None:
    part = join_part({7: pack_interfaces([make_interface()])})
    with pytest.raises(ValueError, match="not as long as they say"):
        cut_part(part[:-1])


def test_a_packed_device_takes_a_fraction_of_its_json() -> None:
    shown = [make_interface(f"GigabitEthernet1/0/{number}", upload_speed=number * 1.37) for number in range(24)]
    assert len(pack_interfaces(shown)) < len(orjson.dumps(shown)) / 6
