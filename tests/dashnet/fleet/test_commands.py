"""`dashnet devices` against a real network service."""

import os
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml

from dashnet.errors import DashnetError, InvalidInput, ServiceUnavailable
from dashnet.fleet import commands
from dashnet.fleet.commands import EXIT_CHANGES, apply_fleet, export_fleet, import_fleet, list_devices
from dashnet.fleet.formats import FileFormat
from dashnet.settings import Settings
from tests.factories import make_device

PASSWORD = "geheim-7"


@pytest.fixture(autouse=True)
def ours(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands find the network service of the test, which may be up or not."""
    monkeypatch.setattr(commands, "get_settings", lambda: settings)


@pytest.fixture
async def fleet(network: httpx.AsyncClient) -> list[dict[str, Any]]:
    """A router, two switches of one name behind it, and a page behind one of those that wants a password."""
    router, first, second = (make_device(host_name=name) for name in ("=router", "switch", "switch"))
    page = make_device(
        host_name="page",
        driver="http",
        driver_options={"url": "http://127.0.0.1:9/", "username": "me", "password": PASSWORD},
        tags=["a, b", "c"],
    )
    entries = [
        router,
        first | {"parent": router["host_name"]},
        second | {"parent": router["host_name"]},
        page | {"parent": second["mac_address"]},
    ]
    (await network.put("/devices/", json=entries)).raise_for_status()
    return await inventory(network)


async def inventory(network: httpx.AsyncClient) -> list[dict[str, Any]]:
    devices: list[dict[str, Any]] = (await network.get("/devices/", params={"read": False})).json()
    return devices


def write(path: Path, *devices: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump({"devices": list(devices)}), encoding="utf-8")
    return path


async def apply(path: Path, *, dry_run: bool = False, prune: bool = False, says: bool = True) -> int:
    return await apply_fleet(path, None, dry_run=dry_run, prune=prune, confirm=lambda _: says)


@pytest.mark.parametrize("file_format", [FileFormat.YAML, FileFormat.CSV])
async def test_what_is_exported_is_imported_without_a_change(
    network: httpx.AsyncClient,
    fleet: list[dict[str, Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file_format: FileFormat,
) -> None:
    path = tmp_path / f"fleet.{file_format}"
    await export_fleet(file_format, path)
    assert PASSWORD not in path.read_text(encoding="utf-8")
    await import_fleet(path, None, None)
    assert await apply(path, dry_run=True, prune=True) == 0
    assert capsys.readouterr().out == "nothing to do, 4 as they were\n" * 2
    assert await inventory(network) == fleet


@pytest.mark.parametrize("file_format", [FileFormat.YAML, FileFormat.CSV])
async def test_an_export_is_the_same_whoever_has_the_devices(
    network: httpx.AsyncClient, fleet: list[dict[str, Any]], tmp_path: Path, file_format: FileFormat
) -> None:
    await network.delete(f"/devices/{fleet[3]['id']}")
    first, second = tmp_path / f"a.{file_format}", tmp_path / f"b.{file_format}"
    await export_fleet(file_format, first)
    (await network.put("/devices/", json=[make_device()], params={"prune": True})).raise_for_status()
    await apply(first, prune=True)
    await export_fleet(file_format, second)
    assert first.read_text() == second.read_text()


async def test_an_export_goes_to_standard_output_and_nothing_else(
    fleet: list[dict[str, Any]], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    await export_fleet(FileFormat.YAML, None)
    printed = capsysbinary.readouterr()
    assert len(yaml.safe_load(printed.out)["devices"]) == 4
    assert printed.err == b""


async def test_applied_twice_changes_nothing_and_a_dry_run_says_so(
    network: httpx.AsyncClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = make_device()
    path = write(tmp_path / "fleet.yaml", device)
    assert await apply(path, dry_run=True) == EXIT_CHANGES
    assert await inventory(network) == []
    assert [await apply(path), await apply(path), await apply(path, dry_run=True)] == [0, 0, 0]
    assert capsys.readouterr().out.splitlines() == [
        f"+ {device['host_name']} ({device['mac_address']})",
        "1 to add, 0 as they were",
        f"+ {device['host_name']} ({device['mac_address']})",
        "1 added, 0 as they were",
        *["nothing to do, 1 as they were"] * 2,
    ]


async def test_a_secret_comes_from_the_environment_and_is_never_printed(
    fleet: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fleet.yaml"
    await export_fleet(FileFormat.YAML, path)
    monkeypatch.setitem(os.environ, "PAGE_PASSWORD", "another-7")
    text = path.read_text(encoding="utf-8").replace("username: me", "username: me, password: '${PAGE_PASSWORD}'")
    path.write_text(text, encoding="utf-8")
    assert [await apply(path), await apply(path, dry_run=True)] == [0, 0]
    printed = capsys.readouterr()
    assert "    driver_options.password: another secret\n1 changed, 3 as they were\n" in printed.out
    assert "another-7" not in printed.out + printed.err


async def test_pruning_asks_and_no_keeps_all(
    network: httpx.AsyncClient, fleet: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = write(tmp_path / "fleet.yaml", make_device())
    with pytest.raises(DashnetError, match="nothing was changed"):
        await apply(path, prune=True, says=False)
    assert await inventory(network) == fleet
    await apply(path, prune=True)
    assert len(await inventory(network)) == 1


async def test_an_import_keeps_what_it_does_not_tell(
    network: httpx.AsyncClient, fleet: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "names.csv"
    path.write_text(f"mac_address,host_name\n{fleet[3]['mac_address']},new\n", encoding="utf-8")
    await import_fleet(path, None, None)
    assert await inventory(network) == [*fleet[:3], fleet[3] | {"host_name": "new"}]


async def test_devices_of_netbox_are_pinged_and_a_second_import_changes_nothing(
    network: httpx.AsyncClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "netbox_devices.csv"
    path.write_text("Name,Status,Role,IP Address,Rack,ID\nsw-1,Active,Switch,127.0.0.9/8,R1,7\npanel,Active,,,,8\n")
    await import_fleet(path, None, None)
    await import_fleet(path, None, None)
    (device,) = await inventory(network)
    assert (device["driver"], device["mac_address"], device["device_type"]) == ("icmp", "netbox-7", "Switch")
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == "nothing to do, 1 as they were"
    assert "left out columns: Rack\nline 3: left out panel, it has no primary IP address\n" in printed.err


async def test_errors_of_the_service_are_told_with_the_lines_of_the_file(
    network: httpx.AsyncClient, tmp_path: Path
) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text(
        "devices:\n"
        "- {host_name: a, mac_address: m-1, ip_address: 10.0.0.1}\n"
        "- host_name: b\n"
        "  mac_address: m-2\n"
        "  ip_address: 300.0.0.1\n"
        "  colour: red\n"
        "  tags: [x, '']\n"
        "- {mac_address: m-3}\n"
    )
    with pytest.raises(InvalidInput) as caught:
        await apply(path)
    assert caught.value.detail.splitlines()[:4] == [
        f"3 errors in {path}, nothing was changed:",
        f"  {path}:5: b: ip_address: neither an IPv4 or IPv6 address nor a host name",
        f"  {path}:7: b: tags[1]: must not be empty",
        f"  {path}:6: b: colour: Extra inputs are not permitted",
    ]
    path.write_text(path.read_text().replace("300", "10").replace("  colour: red\n  tags: [x, '']\n", ""))
    with pytest.raises(InvalidInput, match=r"fleet\.yaml:6: m-3: host_name: Field required"):
        await apply(path)


async def test_two_devices_of_one_address_are_both_named(network: httpx.AsyncClient, tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("host_name,mac_address,ip_address\na,001b44113ab7,10.0.0.1\nb,00-1B-44-11-3A-B7,10.0.0.2\n")
    with pytest.raises(DashnetError, match=r"fleet\.csv:3: b: mac_address: 00:1B:44:11:3A:B7 is that of line 2"):
        await import_fleet(path, None, None)


async def test_without_a_stack_it_names_the_address_and_what_to_do(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailable, match="make up"):
        await apply(write(tmp_path / "fleet.yaml", make_device()))


async def test_the_list_shows_every_device(
    fleet: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    await list_devices(as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[4].split()[:2] == [str(fleet[3]["id"]), "page"]
    await list_devices(as_json=True)
    assert orjson.loads(capsys.readouterr().out) == fleet


async def test_a_csv_saved_by_excel_in_europe_is_imported_with_a_word(
    network: httpx.AsyncClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fleet.csv"
    lines = ["sep=;", "Host Name ;MAC Address;IP Address;Tags;;", "Büro;0:1b:44:11:3a:4;10.0.0.1;Süd;;", ";;;;;"]
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    await import_fleet(path, None, None)
    (device,) = await inventory(network)
    assert (device["host_name"], device["mac_address"], device["tags"]) == ("Büro", "00:1B:44:11:3A:04", ["Süd"])
    assert "read as Windows-1252" in capsys.readouterr().err
