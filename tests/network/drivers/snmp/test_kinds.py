import pytest

from services.network.drivers.snmp.kinds import device_type_of

CAT9K = "Cisco IOS Software [Fuji], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 16.9.4, RELEASE SOFTWARE (fc2)"
JUNIPER = "Juniper Networks, Inc. ex2300-24t Ethernet Switch, kernel JUNOS 18.4R2-S3, Build date: 2020-01-17"
LINUX = "Linux web1 6.1.0-13-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29) x86_64"
NET_SNMP = "8072.3.2.10"


@pytest.mark.parametrize(
    ("numbers", "description", "services", "kind"),
    [
        ("9.1.2494", CAT9K, 6, "Switch"),
        ("2636.1.1", JUNIPER, 6, "Switch"),
        ("14988.1", "RouterOS RB750Gr3", 78, "Router"),
        ("14988.2", "CSS106 SwOS v2.11", None, "Switch"),
        ("2435.2.3.9.1", "Brother NC-8800w", 72, "Printer"),
        ("6574.1", LINUX, 72, "NAS"),
        (NET_SNMP, LINUX, 72, "Server"),
        (NET_SNMP, "A box", 2, "Switch"),
        (NET_SNMP, "A box", 4, "Router"),
        (NET_SNMP, "A box", None, None),
        (NET_SNMP, None, 0, None),
        ("12356.101.1.1", None, 78, "Firewall"),
        ("12356.106.1.2482", None, 78, "Switch"),
        ("12356.120.10.23113", None, 78, "Access Point"),
        ("12356.103.1.1", None, None, None),
        ("318.1.3.27", None, 72, "UPS"),
        ("318.1.3.4.5", None, 72, "PDU"),
        ("318.1.3.8.4", None, 72, None),
        ("311.1.1.3.1.1", None, 76, "Desktop PC"),
        ("311.1.1.3.1.3", None, 76, "Server"),
        (
            "9.1.2093",
            "Cisco IOS Software, ISR Software (X86_64_LINUX_IOSD-M), Version 17.6.4",
            78,
            "Router",
        ),
    ],
)
def test_the_kind_is_that_of_the_object_id_the_words_or_the_layers(
    numbers: str, description: str | None, services: int | None, kind: str | None
) -> None:
    assert device_type_of(f"1.3.6.1.4.1.{numbers}", description, services) == kind


def test_a_device_with_a_printers_tables_is_a_printer() -> None:
    assert device_type_of("1.3.6.1.4.1.99999.1", "A box", 72, "Printer") == "Printer"


def test_a_device_that_says_nothing_is_no_kind() -> None:
    assert device_type_of(None, None, None) is None
