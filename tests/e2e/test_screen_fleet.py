"""The inventory as a file, taken along and brought in on the screen, in a real Chromium."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from dashnet.settings import Settings
from tests.e2e.browser import Page
from workers.context import WorkerContext
from workers.sync import sync

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

PRINTER = """devices:
- host_name: printer
  mac_address: 02:00:00:00:0A:01
  ip_address: 127.0.0.1
  device_type: Printer
"""
FLEET = "document.querySelector('.fleet')"


async def open_import(page: Page, settings: Settings, file: Path) -> None:
    await page.call("goto", f"{settings.app_address}/?view=devices")
    await page.call("click", "text=More ▾")
    await page.call("click", "text=Import a file")
    await page.until(f"{FLEET} !== null")
    await page.call("setInputFiles", "input[type=file]", str(file))


async def list_devices(network: httpx.AsyncClient) -> Any:
    return (await network.get("/devices/", params={"read": "false"})).json()


async def test_a_file_is_shown_before_it_changes_anything(
    page: Page,
    settings: Settings,
    network: httpx.AsyncClient,
    context: WorkerContext,
    device_ids: list[int],
    tmp_path: Path,
) -> None:
    first = (await list_devices(network))[0]
    file = tmp_path / "fleet.yaml"
    known = f"- host_name: renamed\n  mac_address: {first['mac_address']}\n  ip_address: {first['ip_address']}\n"
    file.write_text(PRINTER + known, encoding="utf-8")
    await open_import(page, settings, file)
    await page.until(f"{FLEET}.innerText.includes('1 to add, 1 to change, 0 as they are')")
    assert f"host_name: {first['host_name']} → renamed" in await page.text(".fleet-lines")
    assert len(await list_devices(network)) == 3

    await page.call("click", "text=Add or change 2 devices")
    await page.until(f"{FLEET} === null")
    await page.until("document.querySelector('.notice')?.innerText.includes('1 added, 1 changed')")
    await sync(context, 2)
    await page.until("document.querySelector('.table-body').innerText.includes('renamed')")
    assert len(await list_devices(network)) == 4

    # Once more there is nothing to do.
    await open_import(page, settings, file)
    await page.until(f"{FLEET}.innerText.includes('0 to add, 0 to change, 2 as they are')")
    assert "Add or change" not in await page.text(".fleet")
    assert await page.call("complaints") == []


async def test_faults_of_a_file_are_told_with_their_lines(
    page: Page, settings: Settings, network: httpx.AsyncClient, tmp_path: Path
) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(PRINTER.replace("127.0.0.1", "no address!"), encoding="utf-8")
    await open_import(page, settings, file)
    await page.until(f"{FLEET}.querySelector('[role=alert]')?.innerText.includes('line 4: printer: ip_address')")
    other = tmp_path / "fleet.txt"
    other.write_text(PRINTER, encoding="utf-8")
    await page.call("setInputFiles", "input[type=file]", str(other))
    await page.until(f"{FLEET}.querySelector('[role=alert]')?.innerText.includes('ends in .yaml or .csv')")
    assert len(await list_devices(network)) == 3


async def test_netbox_and_what_is_left_out_of_it(page: Page, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "netbox_devices.csv"
    header = "Name,Status,Role,Manufacturer,Type,Site,Rack,IP Address"
    rows = "sw1,Active,Access Switch,Cisco,C9300,HQ,R1,127.0.0.9/24\npatch1,Active,Patch Panel,X,Y,HQ,R1,\n"
    file.write_text(f"{header}\n{rows}", encoding="utf-8")
    await open_import(page, settings, file)
    await page.until(f"{FLEET}.innerText.includes('1 to add, 0 to change')")
    assert "patch1" in await page.text(".fleet-lines")


async def test_a_file_in_windows_characters_is_shown_with_a_note(
    page: Page, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "fleet.csv"
    file.write_bytes("sep=;\r\nHost Name;IP Address;\r\nBüro;127.0.0.9;\r\n;;\r\n".encode("cp1252"))
    await open_import(page, settings, file)
    await page.until(f"{FLEET}.innerText.includes('1 to add, 0 to change')")
    assert "read as Windows-1252" in await page.text(".fleet-lines")


@pytest.mark.parametrize("name", ["YAML", "CSV"])
async def test_an_export_is_a_link_to_the_file(page: Page, settings: Settings, name: str) -> None:
    await page.call("goto", f"{settings.app_address}/?view=devices")
    await page.call("click", "text=More ▾")
    await page.until("document.querySelector('[role=menu] a') !== null")
    link = f"[...document.querySelectorAll('[role=menu] a')].find((one) => one.innerText.includes({name!r})).href"
    answer = await page.evaluate(f"fetch({link}).then((one) => one.headers.get('content-disposition'))")
    assert f"dashnet-fleet.{name.lower()}" in answer
