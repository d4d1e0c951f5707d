"""What docs/protocol.md promises, each promise as a check that any server can be held to."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from websockets.exceptions import ConnectionClosedError

from dashnet.conformance.array_2020 import check_2020
from dashnet.conformance.server import ANSWER_SECONDS, NotConforming, Server, demand

REFRESH_SECONDS = 60


async def begins_with_a_state(server: Server) -> None:
    """/live begins with a `state` of all devices, in id order."""
    async with server.open("/live") as socket:
        state = await socket.next_of("state")
        ids = [device["id"] for device in state["devices"]]
        demand(ids == sorted(set(ids)), "the devices are not in id order, or one comes twice")
        newest = state["time_stamp"] or ""
        demand(all(one <= newest for one in _times_of(state).values()), "a reading is newer than the newest tick")


async def fits_default_limits(server: Server) -> None:
    """A client that takes messages of 1 MiB at the most gets the whole state."""
    async with server.open("/live", max_size=2**20) as socket:
        try:
            await socket.next_of("state")
        except ConnectionClosedError as error:
            raise NotConforming(f"the state does not come: {error}") from error


async def narrows_by_id(server: Server) -> None:
    """`subscribe` with ids is answered by a state of those, and with null by one of all."""
    async with server.open("/live") as socket:
        whole = [device["id"] for device in (await socket.next_of("state"))["devices"]]
        await socket.send({"type": "subscribe", "device_ids": [*whole[:1], 2**40]})
        narrowed = [device["id"] for device in (await socket.next_of("state"))["devices"]]
        demand(narrowed == whole[:1], f"asked for {whole[:1]}, got {narrowed}")
        await socket.send({"type": "subscribe", "device_ids": None})
        widened = {device["id"] for device in (await socket.next_of("state"))["devices"]}
        demand(widened >= set(whole), "null did not bring all devices back")


async def narrows_by_query(server: Server) -> None:
    """A view in the address is the one that `subscribe` gives, and holds what fits alone."""
    for state in ("up", "down", "unknown"):
        async with server.open(f"/live?state={state}") as socket:
            devices = (await socket.next_of("state"))["devices"]
            demand(all(device["state"] == state for device in devices), f"a view of {state} holds others too")
    async with server.open("/live?search=no%20such%20device%20anywhere") as socket:
        demand((await socket.next_of("state"))["devices"] == [], "a search for nothing found something")


async def shows_interfaces_to_who_asks(server: Server) -> None:
    """Interfaces come to who asks for them of devices that it names, and to nobody else."""
    async with server.open("/live") as socket:
        whole = (await socket.next_of("state"))["devices"]
        demand(not any("interfaces" in device for device in whole), "interfaces came to who did not ask for any")
        await socket.send({"type": "subscribe", "interfaces": True})
        error = await socket.next_error()
        demand(error["code"] == "bad_message", f"without device_ids the code is {error['code']!r}")
        ids = [device["id"] for device in whole[:1]]
        await socket.send({"type": "subscribe", "device_ids": ids, "interfaces": True})
        shown = (await socket.next_of("state"))["devices"]
        demand([device["id"] for device in shown] == ids, f"asked for {ids}, got {shown}")
        demand(all("interfaces" in device for device in shown), "no interfaces came to who asked for them")


async def refuses_a_bad_address(server: Server) -> None:
    """An address that asks for no possible view gets an error and is closed with 4500."""
    async with server.open("/live?state=offline") as socket:
        error = await socket.next_error()
        demand(error["code"] == "bad_message", f"the code is {error['code']!r}")
        code = await socket.close_code()
        demand(code == 4500, f"closed with {code}")


async def answers_bad_messages(server: Server) -> None:
    """What cannot be followed gets an error with its code, and the connection lives on."""
    cases: list[tuple[str | bytes, str]] = [
        ("{", "bad_message"),
        ("[]", "bad_message"),
        (b"{}", "bad_message"),
        ("{}", "unknown_type"),
        ('{"type":"subscribe","device_ids":"all"}', "bad_message"),
        ('{"type":"subscribe","colour":"red"}', "bad_message"),
        ('{"socket_type":"reboot"}', "unknown_type"),
    ]
    async with server.open("/live") as socket:
        for sent, code in cases:
            await socket.raw.send(sent)
            error = await socket.next_error()
            demand(error["code"] == code, f"{sent!r} was answered by {error['code']!r} instead of {code!r}")


async def closes_on_a_huge_message(server: Server) -> None:
    """A message over 64 KiB closes the connection with 1009."""
    async with server.open("/live", compression=None) as socket:
        await socket.raw.send("x" * (64 * 1024 + 1))
        code = await socket.close_code()
        demand(code == 1009, f"closed with {code}")


async def answers_pings(server: Server) -> None:
    """A ping is answered by its pong."""
    async with server.open("/live") as socket:
        async with asyncio.timeout(ANSWER_SECONDS):
            await (await socket.raw.ping(b"dashnet"))


async def shares_compression(server: Server) -> None:
    """Where messages are compressed, each can be read by itself."""
    async with server.open("/live") as socket:
        response = socket.raw.response
        agreed = response.headers.get("Sec-WebSocket-Extensions", "") if response else ""
        is_shared = "permessage-deflate" not in agreed or "server_no_context_takeover" in agreed
        demand(is_shared, f"the server agreed to {agreed!r}")
        await socket.next_of("state")


async def resumes_where_nothing_was_missed(server: Server) -> None:
    """Who says where it left off, and missed nothing, gets `resumed` with the very same position."""
    async with server.open("/live") as socket:
        state = await socket.next_of("state")
    async with server.open(f"/live?epoch={state['epoch']}&seq={state['seq']}") as socket:
        resumed = await socket.next_of("resumed")
        demand((resumed["epoch"], resumed["seq"]) == (state["epoch"], state["seq"]), f"resumed elsewhere: {resumed}")


async def begins_anew_where_it_cannot_resume(server: Server) -> None:
    """A position that cannot be is answered by `state`."""
    async with server.open("/live") as socket:
        state = await socket.next_of("state")
    for query in (
        f"epoch=another&seq={state['seq']}",
        f"epoch={state['epoch']}&seq={state['seq'] + 1000}",
        "epoch=&seq=x",
    ):
        async with server.open(f"/live?{query}") as socket:
            first = await socket.next()
            demand(first["type"] == "state", f"{query} was answered by {first['type']!r}")


async def tells_every_change_once(server: Server) -> None:
    """A refresh reaches a subscriber under the next seq, and one that was away as the same messages, in order."""
    async with server.open("/live") as witness:
        seen = [await witness.next_of("state")]
        for _ in range(2):
            await server.refresh(witness)
            while (message := await witness.next(REFRESH_SECONDS))["type"] != "snapshots":
                # A clean, which may come in between, begins a new count.
                seen = [message] if message["type"] == "state" else [*seen, message]
            seen.append(message)
        seqs = [message["seq"] for message in seen]
        demand(seqs == list(range(seqs[0], seqs[0] + len(seqs))), f"the seqs are {seqs}")
        async with server.open(f"/live?epoch={seen[0]['epoch']}&seq={seqs[0]}") as away:
            await away.next_of("resumed")
            missed = [await away.next() for _ in seen[1:]]
            demand(missed == seen[1:], "who was away got other messages than who was not")
    async with server.open("/live") as socket:
        _demand_newest(seen, await socket.next_of("state"))


def _demand_newest(seen: Sequence[dict[str, Any]], state: dict[str, Any]) -> None:
    """Fail where a state shows an older reading than a message before it, unless more was published in between."""
    newest = _times_of(seen[0])
    for message in seen[1:]:
        for snap_shot in message.get("snap_shots", ()):
            device_id = snap_shot["device_id"]
            newest[device_id] = max(newest.get(device_id, ""), message["time_stamp"])
    if (state["epoch"], state["seq"]) == (seen[0]["epoch"], seen[-1]["seq"]):
        times = _times_of(state)
        is_kept = all(time >= newest.get(device_id, "") for device_id, time in times.items())
        demand(is_kept, "an older reading stands in the place of a newer one")


def _times_of(state: dict[str, Any]) -> dict[int, str]:
    """When each device that was ever read was read last."""
    return {device["id"]: device["snap_shot"]["time_stamp"] for device in state["devices"] if device["snap_shot"]}


async def speaks_2020(server: Server) -> None:
    """`/` begins with the array of 2020, and sends it again after a refresh."""
    async with server.open("/") as socket:
        check_2020(await socket.next())
        await server.refresh(socket)
        check_2020(await socket.next(REFRESH_SECONDS))


CHECKS: tuple[Callable[[Server], Awaitable[None]], ...] = (
    begins_with_a_state,
    fits_default_limits,
    narrows_by_id,
    narrows_by_query,
    shows_interfaces_to_who_asks,
    refuses_a_bad_address,
    answers_bad_messages,
    closes_on_a_huge_message,
    answers_pings,
    shares_compression,
    resumes_where_nothing_was_missed,
    begins_anew_where_it_cannot_resume,
    tells_every_change_once,
    speaks_2020,
)
