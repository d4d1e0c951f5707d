"""The checks themselves: our service keeps every promise, and a server that breaks one is told so."""

import asyncio
import contextlib

import httpx
import orjson
import pytest
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from dashnet.conformance.promises import CHECKS
from dashnet.conformance.run import hold_to_protocol
from dashnet.errors import DashnetError
from dashnet.settings import Settings
from tests.conftest import run_app
from tests.dashnet.test_panel_view import make_device, make_state
from tests.processes import WORKER, environment_of, run_process
from tests.servers import OUR_PROTOCOL, eventually


async def is_ready(app: httpx.AsyncClient) -> bool:
    return (await app.get("/readyz")).status_code == 200


@pytest.mark.parametrize("protocol", [OUR_PROTOCOL, "websockets-sansio"])
async def test_our_service_keeps_every_promise(
    settings: Settings,
    network: httpx.AsyncClient,
    device_ids: list[int],
    capsys: pytest.CaptureFixture[str],
    protocol: str,
) -> None:
    options = {} if protocol == OUR_PROTOCOL else {"ws_per_message_deflate": False}
    async with run_app(settings, protocol, **options) as app:
        with run_process(WORKER, environment_of(settings)):
            await eventually(lambda: is_ready(app))
            failed = await hold_to_protocol(settings.app_address, None)
    told = capsys.readouterr().out
    assert failed == 0, told
    assert f"{len(CHECKS)} kept, 0 not kept, 0 left out" in told


async def test_what_a_password_guards_is_left_out_without_it(
    settings: Settings, network: httpx.AsyncClient, device_ids: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    guarded = settings.model_copy(update={"cron_pass": SecretStr("open sesame")})
    async with run_app(guarded):
        failed = await hold_to_protocol(settings.app_address, None)
    assert failed == 0
    assert f"{len(CHECKS) - 2} kept, 0 not kept, 2 left out" in capsys.readouterr().out


async def test_a_server_that_keeps_nothing_fails_every_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashnet.conformance.server.ANSWER_SECONDS", 0.3)

    async def babble(socket: ServerConnection) -> None:
        await socket.send(orjson.dumps(make_state(make_device(2), make_device(1))).decode())
        with contextlib.suppress(ConnectionClosed):
            async for _ in socket:
                await socket.send('{"type":"error","code":"other"}')

    async with serve(babble, "127.0.0.1", 0, max_size=None) as server:
        failed = await hold_to_protocol(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", None)
    told = capsys.readouterr().out
    assert failed == 1
    assert "the devices are not in id order" in told
    assert told.count("\nFAILED") + told.startswith("FAILED") >= len(CHECKS) - 3, told


async def test_a_server_that_is_not_there_is_told_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.wait_for(hold_to_protocol("127.0.0.1:1", None), 30) == 1
    assert "0 kept" in capsys.readouterr().out


async def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(DashnetError, match="is no address"):
        await hold_to_protocol("ftp://example", None)
