import asyncio

from dashnet.tasks import cancel_and_wait


async def test_a_task_that_swallows_its_first_cancellation_is_ended_all_the_same() -> None:
    began = asyncio.Event()

    async def stubborn() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await began.wait()
    await cancel_and_wait(task)
    assert task.cancelled()


async def test_a_task_that_ended_already_is_fine() -> None:
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await cancel_and_wait(task)
