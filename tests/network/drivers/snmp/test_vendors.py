import pytest

from services.network.drivers.snmp.vendors import device_type_of, model_in, operating_system_of, vendor_of

CATALYST = (
    "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(2)E7, RELEASE SOFTWARE (fc3)\r\n"
    "Technical Support: http://www.cisco.com/techsupport"
)
CAT9K = "Cisco IOS Software [Fuji], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 16.9.4, RELEASE SOFTWARE (fc2)"
JUNIPER = "Juniper Networks, Inc. ex2300-24t Ethernet Switch, kernel JUNOS 18.4R2-S3, Build date: 2020-01-17"
WINDOWS = "Hardware: Intel64 Family 6 Model 79 - Software: Windows Version 6.3 (Build 17763 Multiprocessor Free)"
LINUX = "Linux web1 6.1.0-13-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29) x86_64"
MIKROTIK = "RouterOS RB750Gr3"


@pytest.mark.parametrize(
    ("object_id", "vendor"),
    [
        ("1.3.6.1.4.1.9.1.1208", "Cisco"),
        ("1.3.6.1.4.1.14988.1", "MikroTik"),
        ("1.3.6.1.4.1.99", None),
        ("1.3.6.1.4.1.999999.1", None),
        ("1.3.6.1.4.1.", None),
        ("0.0", None),
        (None, None),
    ],
)
def test_the_vendor_is_that_of_the_enterprise_number(object_id: str | None, vendor: str | None) -> None:
    assert vendor_of(object_id) == vendor


@pytest.mark.parametrize(
    ("description", "system"),
    [
        (CATALYST, "Cisco IOS 15.2(2)E7"),
        (CAT9K, "Cisco IOS XE 16.9.4"),
        (JUNIPER, "Junos 18.4R2-S3"),
        (WINDOWS, "Windows 6.3"),
        (LINUX, "Linux 6.1.0-13-amd64"),
        (MIKROTIK, "RouterOS"),
        ("Arista Networks EOS version 4.22.4M running on an Arista Networks DCS-7050TX", "Arista EOS 4.22.4M"),
        ("ExtremeXOS (X450G2-24t-10G4) version 22.3.1.4 by release-manager", "ExtremeXOS 22.3.1.4"),
        ("Darwin mini 22.6.0 Darwin Kernel Version 22.6.0: RELEASE_ARM64", "macOS, Darwin 22.6.0"),
        ("A box", None),
        ("", None),
        (None, None),
    ],
)
def test_the_operating_system_is_read_from_the_description(description: str | None, system: str | None) -> None:
    assert operating_system_of(description, None) == system


def test_without_a_description_net_snmps_own_number_tells_the_system() -> None:
    assert operating_system_of("router7", "1.3.6.1.4.1.8072.3.2.8") == "FreeBSD"


@pytest.mark.parametrize(
    ("vendor", "description", "services", "kind"),
    [
        ("Cisco", CAT9K, 6, "Switch"),
        ("Juniper", JUNIPER, 6, "Switch"),
        ("MikroTik", MIKROTIK, 78, "Router"),
        ("Brother", "Brother NC-8800w", 72, "Printer"),
        ("Fortinet", None, 78, "Firewall"),
        ("Synology", LINUX, 72, "NAS"),
        (None, LINUX, 72, "Server"),
        (None, "A box", 2, "Switch"),
        (None, "A box", 4, "Router"),
        (None, "A box", None, None),
        (None, None, 0, None),
    ],
)
def test_the_kind_is_told_by_maker_words_or_layers(
    vendor: str | None, description: str | None, services: int | None, kind: str | None
) -> None:
    assert device_type_of(vendor, description, services) == kind


@pytest.mark.parametrize(
    ("description", "model"),
    [
        (MIKROTIK, "RB750Gr3"),
        ("ExtremeXOS (X450G2-24t-10G4) version 22.3.1.4", "X450G2-24t-10G4"),
        (LINUX, None),
        (None, None),
    ],
)
def test_the_model_is_read_where_a_description_is_known_to_name_it(description: str | None, model: str | None) -> None:
    assert model_in(description) == model
