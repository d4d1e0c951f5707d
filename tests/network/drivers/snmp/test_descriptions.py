import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.network.drivers.snmp.descriptions import Said, read_description

ENTERPRISES = "1.3.6.1.4.1."
NET_SNMP = "8072.3.2.10"


@pytest.mark.parametrize(
    ("description", "system", "model"),
    [
        (
            "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(2)E7, RELEASE",
            "Cisco IOS 15.2(2)E7",
            None,
        ),
        (
            "Cisco IOS Software [Fuji], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 16.9.4, REL",
            "Cisco IOS XE 16.9.4",
            None,
        ),
        (
            "Cisco IOS Software, ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.6.4, REL",
            "Cisco IOS XE 17.6.4",
            None,
        ),
        (
            '"Cisco IOS Software, ASR920 Software (PPC_LINUX_IOSD-UNI), Version 17.6.2, RELEASE"',
            "Cisco IOS XE 17.6.2",
            None,
        ),
        (
            "Cisco NX-OS(tm) Nexus9000 C93180YC-FX3, Software (NXOS), Version 9.3(9), REL",
            "Cisco NX-OS 9.3(9)",
            "C93180YC-FX3",
        ),
        (
            "Cisco NX-OS(tm) nxos.7.0.3.I7.8.bin, Software (nxos), Version 7.0(3)I7(8), REL",
            "Cisco NX-OS 7.0(3)I7(8)",
            None,
        ),
        (
            "Juniper Networks, Inc. ex2300-24t Ethernet Switch, kernel JUNOS 18.4R2-S3, Build",
            "Junos 18.4R2-S3",
            "ex2300-24t",
        ),
        ("RouterOS RB750Gr3", "RouterOS", "RB750Gr3"),
        ("RouterOS 6.40.5 (stable) on RB952Ui-5ac2nD", "RouterOS 6.40.5", "RB952Ui-5ac2nD"),
        ("RouterOS", "RouterOS", None),
        ("CSS106-1G-4P-1S SwOS v2.11", "SwOS 2.11", "CSS106-1G-4P-1S"),
        (
            "Arista Networks EOS version 4.22.4M running on an Arista Networks DCS-7050TX",
            "Arista EOS 4.22.4M",
            "DCS-7050TX",
        ),
        ("ExtremeXOS (X450G2-24t-10G4) version 22.3.1.4 by release-manager", "ExtremeXOS 22.3.1.4", "X450G2-24t-10G4"),
        (
            "HP J9625A 2620-24-PoEP Switch, revision RA.16.02.0012, ROM RA.15.13",
            "ProVision RA.16.02.0012",
            "J9625A 2620-24-PoEP",
        ),
        (
            "HPE Comware Platform Software, Software Version 7.1.045, Release 24 HPE 5900AF-48G Switch",
            "Comware 7.1.045",
            "5900AF-48G",
        ),
        (
            "Huawei AR1220 Huawei Versatile Routing Platform Software VRP,Version 5.120 (AR1220 V200R003)",
            "VRP 5.120 (V200R003)",
            "AR1220",
        ),
        ("pfSense fw 2.3.2 FreeBSD 10.3", "pfSense fw", None),
        ("TrueNAS-25.10.4. Hardware: x86_64. Software: Linux 6.12.91-production", "TrueNAS 25.10.4", None),
        ("SonicWALL TZ 210 (SonicOS Enhanced 5.9.1.6-5o)", "SonicOS 5.9.1.6-5o", "TZ 210"),
        ("EdgeOS v1.8.0.4853089.160219.1607", "EdgeOS 1.8.0", None),
        ("UAP-nanoHD 5.43.36.12724", "UniFi 5.43.36.12724", "UAP-nanoHD"),
        ("; AXIS P1354; Network Camera; 5.90.1.2; Jun 20 2016 13:04; 1BB.2; 1;", "AXIS OS 5.90.1.2", "P1354"),
        (
            "APC Web/SNMP Management Card (MB:v4.1.0 PF:v7.0.8 PN:apc_hw05_aos_708.bin MN:AP9631 SN: ZA1)",
            "APC AOS 7.0.8",
            None,
        ),
        ("WS6-DGS-1210-52/F1 6.10.007", "Firmware 6.10.007", "WS6-DGS-1210-52/F1"),
        ("HP Intelligent Modular PDU , revision W-J, firmware version 2.0.22", "Firmware 2.0.22", None),
        (
            "Opengear CM7116-2-DAC, Linux 5.17.0-ac0 armv7l, OpenGear/CM71xx Version 5.1.1 721c1623",
            "Firmware 5.1.1",
            "CM7116-2-DAC",
        ),
        ("Linux web1 6.1.0-13-amd64 #1 SMP", "Linux 6.1.0-13-amd64", None),
        ("FreeBSD a.example 13.2-RELEASE FreeBSD 13.2-RELEASE", "FreeBSD 13.2-RELEASE", None),
        ("Darwin mini 22.6.0 Darwin Kernel Version 22.6.0: RELEASE_ARM64", "macOS, Darwin 22.6.0", None),
        ("A box", "Linux", None),
    ],
)
def test_system_and_model_are_read_from_the_description(description: str, system: str, model: str | None) -> None:
    said = read_description(description, ENTERPRISES + NET_SNMP)
    assert (said.system, said.model) == (system, model)


@pytest.mark.parametrize("numbers", ["2604.5", "3375.2.1.3.4.43", "24681", "41112.1"])
def test_the_kernel_of_a_product_is_not_its_system(numbers: str) -> None:
    assert read_description("Linux localhost 4.14.38 #2 SMP", ENTERPRISES + numbers) == Said()


@pytest.mark.parametrize(
    ("numbers", "description", "model"),
    [
        ("44194.14", "EnGenius ECS1528P", "ECS1528P"),
        ("171.10.37.56", "D-Link DAP-2230", "DAP-2230"),
        ("705.1", "Eaton 5PX 3000", "5PX 3000"),
        ("10456.1.1516", "PLANET IGS-10020MT Managed Switch", "IGS-10020MT"),
        ("25053.3.1.5.20", "Ruckus Wireless T300", "T300"),
        ("890.1.15", "XGS4600-32F", "XGS4600-32F"),
        pytest.param("5040.1.2.42", "Rechnerraum 2 USV-Raum", None, id="what somebody wrote"),
        pytest.param("12356.120.10", "DE-OFF-OP-AP02", None, id="a host name"),
        pytest.param("25461", "Palo Alto Networks PA-3000 series firewall", None, id="a family of models"),
    ],
)
def test_a_model_is_read_where_the_maker_stands_before_it(numbers: str, description: str, model: str | None) -> None:
    assert read_description(description, ENTERPRISES + numbers).model == model


def test_the_serial_of_a_printer_is_read() -> None:
    text = "HP ETHERNET MULTI-ENVIRONMENT,SN:VNC123,FN:4Q8,SVCID:31339,PID:HP LaserJet MFP M130nw"
    assert read_description(text, None) == Said("HP", "HP LaserJet MFP M130nw", None, "VNC123")


@pytest.mark.parametrize(("description", "object_id"), [(None, None), ("", None), ("A box", "0.0")])
def test_nothing_is_made_up(description: str | None, object_id: str | None) -> None:
    assert read_description(description, object_id) == Said()


words = st.sampled_from(
    ["Cisco IOS ", "Version ", "1.2.3 ", "Comware", "HP ", "Huawei AR1", "RouterOS ", "x" * 40, "\n"]
)


@given(parts=st.lists(words | st.text(max_size=8), max_size=400))
def test_any_description_is_read(parts: list[str]) -> None:
    said = read_description("".join(parts), ENTERPRISES + "9.1")
    assert len(said.system or "") <= 1100
