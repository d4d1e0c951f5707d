import httpx

from tests.factories import make_device
from tests.network.drivers.agent import Agent, run_agent


def snmp_device(agent: Agent) -> dict[str, object]:
    options = {"community": "public", "port": agent.port, "timeout_seconds": 0.2, "retries": 0}
    return make_device(ip_address="127.0.0.1", driver="snmp", driver_options=options)


async def test_the_service_tells_what_a_device_says_of_itself(network: httpx.AsyncClient) -> None:
    async with run_agent(community=None) as agent:
        await network.post("/devices/", json=snmp_device(agent))
        answer = await network.get("/devices/1/facts")
    assert answer.status_code == 200
    facts = answer.json()
    assert (facts["system_name"], facts["operating_system"], facts["serial"]) == ("agent", "Linux", None)


async def test_a_silent_device_is_504(network: httpx.AsyncClient) -> None:
    async with run_agent(is_silent=True) as agent:
        await network.post("/devices/", json=snmp_device(agent))
        answer = await network.get("/devices/1/facts")
    assert (answer.status_code, answer.headers["content-type"]) == (504, "application/problem+json")
    assert answer.json()["detail"].startswith("no answer from 127.0.0.1 port ")


async def test_an_address_that_there_is_not_is_502(network: httpx.AsyncClient) -> None:
    device = make_device(ip_address="nowhere.invalid", driver="snmp", driver_options={"community": "public"})
    await network.post("/devices/", json=device)
    answer = await network.get("/devices/1/facts")
    assert (answer.status_code, answer.json()["title"]) == (502, "Device not read")


async def test_a_driver_that_cannot_ask_is_409_and_those_that_can_are_named(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=make_device())
    answer = await network.get("/devices/1/facts")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "driver 'simulated' cannot ask a device what it is; these can: snmp"


async def test_a_device_that_there_is_not_is_404(network: httpx.AsyncClient) -> None:
    assert (await network.get("/devices/7/facts")).status_code == 404
