import pytest

from dashnet.fleet.entries import WrongLine
from dashnet.fleet.netbox import is_netbox, read_netbox

# The headers of a list's own export, and of its form for import.
SHOWN = (
    "Name,Status,Tenant,Site,Rack,Role,Manufacturer,Type,Platform,IP Address,ID,Tags\n"
    'sw-1,Active,,Berlin,R1,Access Switch,Cisco,C9300-24T,IOS-XE 17,10.0.0.2/24,17,"core,lab 2"\n'
)
RAW = (
    "name,device_role,manufacturer,device_type,serial,status,site,primary_ip4\n"
    "sw-1,Access Switch,Cisco,C9300-24T,XYZ,offline,Berlin,10.0.0.2/24\n"
)


def test_the_columns_of_a_list_are_taken() -> None:
    fleet = read_netbox(SHOWN)
    assert [(entry.line, entry.fields) for entry in fleet.entries] == [
        (
            2,
            {
                "host_name": "sw-1",
                "mac_address": "netbox-17",
                "ip_address": "10.0.0.2",
                "device_type": "Access Switch",
                "operating_system": "IOS-XE 17",
                "tags": ["core", "lab 2", "site:Berlin", "manufacturer:Cisco", "model:C9300-24T"],
            },
        )
    ]
    assert fleet.left_out == ["left out columns: Tenant, Rack"]


def test_the_columns_of_an_import_form_are_taken() -> None:
    (entry,) = read_netbox(RAW).entries
    assert entry.fields == {
        "host_name": "sw-1",
        "mac_address": "netbox-sw-1",
        "ip_address": "10.0.0.2",
        "device_type": "Access Switch",
        "tags": ["site:Berlin", "manufacturer:Cisco", "model:C9300-24T", "status:offline"],
    }


def test_what_is_empty_is_left_out() -> None:
    (entry,) = read_netbox("name,role,platform,tags,primary_ip4,primary_ip6\na,,,,,2001:db8::1/64\n").entries
    assert entry.fields == {"host_name": "a", "mac_address": "netbox-a", "ip_address": "2001:db8::1", "tags": []}


def test_a_device_that_nobody_could_reach_is_left_out_and_told() -> None:
    fleet = read_netbox(
        "name,id,primary_ip4,mac_address\nPatch panel 3,1,,\n,,10.0.0.1,\n,5,10.0.0.2,02:00:00:00:00:01\n"
    )
    assert [entry.fields["host_name"] for entry in fleet.entries] == ["netbox-5"]
    assert fleet.entries[0].fields["mac_address"] == "02:00:00:00:00:01"
    assert fleet.left_out == [
        "line 2: left out Patch panel 3, it has no primary IP address",
        "line 3: left out a device, it has no name",
    ]


def test_long_names_fit() -> None:
    (entry,) = read_netbox(f"name,site,ip_address\n{'Ä b' * 40},{'s' * 90},10.0.0.1\n").entries
    assert len(entry.fields["mac_address"]) == len(entry.fields["tags"][0]) == 64
    assert entry.fields["mac_address"].isascii()


def test_a_file_without_names_is_refused() -> None:
    with pytest.raises(WrongLine, match="there is no column `name`"):
        read_netbox("id,primary_ip4\n1,10.0.0.1\n")


def test_a_header_in_another_language_is_named() -> None:
    with pytest.raises(WrongLine, match="Rolle, IP-Adresse") as caught:
        read_netbox("Name;Status;Rolle;IP-Adresse\nsw1;Aktiv;Switch;10.0.0.2/24\n")
    assert (caught.value.line, "no column for the address" in caught.value.detail) == (1, True)


def test_a_netbox_file_that_a_spreadsheet_saved_is_taken() -> None:
    (entry,) = read_netbox("sep=;\nName;Status;IP Address;;\nsw1;Active;10.0.0.2/24;;\n;;;;\n").entries
    assert (entry.line, entry.fields["host_name"], entry.fields["ip_address"]) == (3, "sw1", "10.0.0.2")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["Name", "Status"], True),
        (["name "], True),
        (["Host Name", "name"], False),
        (["host_name", "tags"], False),
        ([], False),
    ],
)
def test_its_header_is_told_from_ours(header: list[str], expected: bool) -> None:
    assert is_netbox(header) is expected
