import pytest

from services.network.drivers.snmp.vendors import enterprise_of, vendor_of


@pytest.mark.parametrize(
    ("object_id", "vendor"),
    [
        ("1.3.6.1.4.1.9.1.1208", "Cisco"),
        (".1.3.6.1.4.1.9.1.1208", "Cisco"),
        ("1.3.6.1.4.1.14988.1", "MikroTik"),
        ("1.3.6.1.4.1.10002.1", "Ubiquiti"),
        ("1.3.6.1.4.1.41112.1.5", "Ubiquiti"),
        ("1.3.6.1.4.1.705.1", "Eaton"),
        ("1.3.6.1.4.1.7367.1", "DrayTek"),
        ("1.3.6.1.4.1.2356.11", "LANCOM"),
        ("1.3.6.1.4.1.99", None),
        ("1.3.6.1.4.1.999999.1", None),
        ("1.3.6.1.4.1.", None),
        ("1.3.6.1.4.1", None),
        ("1.3.6.1.4.1.x", None),
        ("0.0", None),
        (None, None),
    ],
)
def test_the_vendor_is_that_of_the_enterprise_number(object_id: str | None, vendor: str | None) -> None:
    assert vendor_of(object_id) == vendor


def test_what_follows_the_enterprises_is_the_makers() -> None:
    assert enterprise_of("1.3.6.1.4.1.12356.106.1") == (12356, 106, 1)
