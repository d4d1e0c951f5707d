"""Queries, as one transaction after the other sees them; what HTTP makes of them stands in test_devices.py."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.errors import Conflict, InvalidInput, NotFound
from services.network.changes import select_revision
from services.network.fields import LARGEST_ID
from services.network.inventory import (
    check_new_devices,
    insert_devices,
    reserve_ids,
    select_device,
    take_revision,
    update_device,
)
from services.network.sealing import seal
from tests.network.conftest import NO_KEYS, add, make


async def test_a_device_comes_back_as_it_was_stored(engine: AsyncEngine) -> None:
    device = make(
        host_name="Ωmega \U0001f4a1 'quoted' \\ \"",
        tags=["a", "b"],
        driver="host",
        driver_options={"interfaces": ["lo"]},
    )
    (device_id,) = await add(engine, device)
    async with engine.connect() as connection:
        assert await select_device(connection, device_id) == {"id": device_id, **device.model_dump()}


async def test_a_parent_may_be_added_together_with_its_children(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        revision = await take_revision(connection)
        ids = await reserve_ids(connection, 2)
        devices = [seal(device, NO_KEYS) for device in (make(), make(parent_id=ids[0]))]
        await insert_devices(connection, revision, ids, devices)
        assert (await select_device(connection, ids[1]))["parent_id"] == ids[0]


async def test_each_edit_is_one_revision(engine: AsyncEngine) -> None:
    await add(engine, make(), make())
    await add(engine, make())
    async with engine.connect() as connection:
        assert (await select_revision(connection))[1] == 2


async def test_an_edit_that_is_given_up_leaves_no_revision(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await take_revision(connection)
        await connection.rollback()
        assert (await select_revision(connection))[1] == 0


@pytest.mark.parametrize("device_id", [-1, 0, 7, LARGEST_ID, LARGEST_ID + 1, 2**70])
async def test_no_device_is_found_under_an_id_that_nobody_has(engine: AsyncEngine, device_id: int) -> None:
    async with engine.connect() as connection:
        with pytest.raises(NotFound, match=f"there is no device {device_id}"):
            await select_device(connection, device_id)


async def test_each_missing_parent_is_named(engine: AsyncEngine) -> None:
    (parent,) = await add(engine, make())
    async with engine.connect() as connection:
        with pytest.raises(InvalidInput) as caught:
            await check_new_devices(connection, [make(parent_id=98), make(parent_id=parent), make(parent_id=99)])
    assert [(error.location, error.detail) for error in caught.value.errors] == [
        ("[0].parent_id", "there is no device 98"),
        ("[2].parent_id", "there is no device 99"),
    ]


async def test_each_mac_address_that_is_taken_is_named(engine: AsyncEngine) -> None:
    taken, twice = make(host_name="owner"), make()
    (owner,) = await add(engine, taken)
    async with engine.connect() as connection:
        with pytest.raises(Conflict) as caught:
            await check_new_devices(connection, [twice, taken, twice])
    assert [(error.location, error.detail) for error in caught.value.errors] == [
        ("[1].mac_address", f"{taken.mac_address} is that of device {owner} (owner)"),
        ("[2].mac_address", f"{twice.mac_address} is that of item [0] of this list"),
    ]


async def test_a_device_cannot_move_behind_its_own_descendant(engine: AsyncEngine) -> None:
    (top,) = await add(engine, make())
    (middle,) = await add(engine, make(parent_id=top))
    (bottom,) = await add(engine, make(parent_id=middle))
    async with engine.connect() as connection:
        with pytest.raises(InvalidInput, match="that would make a circle"):
            await update_device(connection, 9, top, seal(make(parent_id=bottom), NO_KEYS))
