import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.drivers.snmp.values import Value, to_count, to_text

values: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.binary(max_size=300), st.text(max_size=20), st.floats()
)


@given(value=values)
def test_a_count_is_one_that_a_counter_can_have(value: Value) -> None:
    count = to_count(value)
    assert count is None or 0 <= count < 2**64


@given(value=values)
def test_a_text_can_be_shown_and_stored(value: Value) -> None:
    text = to_text(value)
    assert len(text) <= 255
    assert all(one.isprintable() for one in text)
    text.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Büro Süd".encode(), "Büro Süd"),
        pytest.param("Büro Süd".encode("latin-1"), "Büro Süd", id="Latin-1"),
        pytest.param("Café".encode("latin-1"), "Café", id="Latin-1 at the end"),
        pytest.param("10 € – “lab”".encode("cp1252"), "10 € – “lab”", id="Windows-1252"),
        pytest.param("Büro Süd".encode()[:-2], "Büro S", id="UTF-8 that was cut within a letter"),
        pytest.param(b"eth0\0\0\0", "eth0", id="padded"),
        pytest.param(b"line one\r\nline two", "line one  line two", id="two lines"),
        pytest.param("機房".encode(), "機房", id="Chinese"),
    ],
)
def test_texts_are_read_as_they_were_written(value: Value, text: str) -> None:
    assert to_text(value) == text
