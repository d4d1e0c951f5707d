"""One request for what many readings ask for at the same time, such as the last samples of their devices."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

from dashnet.errors import DriverFault

_Value = TypeVar("_Value")
_Answer = TypeVar("_Answer")
_Waiting = asyncio.Future[_Answer | Exception | None]


class Batches(Generic[_Value, _Answer]):
    """Sends what was asked, by device; while one request is on its way, the next one gathers."""

    def __init__(self, send: Callable[[Mapping[int, _Value]], Awaitable[Mapping[int, _Answer]]]) -> None:
        self._send = send
        self._waiting: dict[int, tuple[_Value, _Waiting[_Answer]]] = {}
        self._sending: asyncio.Task[None] | None = None

    async def ask(self, device_id: int, value: _Value) -> _Answer | None:
        """What the answer holds for this device; null where it holds nothing.

        Raises:
            Exception: what `send` raises, where it does so for this device alone or for all of a request.
        """
        if device_id in self._waiting:
            _, future = self._waiting[device_id]
        else:
            future = asyncio.get_running_loop().create_future()
        self._waiting[device_id] = (value, future)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())
        # Who gives up must not take the answer from the others.
        answer = await asyncio.shield(future)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _send_all(self) -> None:
        while self._waiting:
            # Those that ask at the same moment come along.
            await asyncio.sleep(0)
            batch, self._waiting = self._waiting, {}
            try:
                await self._send_batch(batch)
            except BaseException:
                # Only a cancellation comes here; nobody is to wait for ever.
                for _, future in batch.values():
                    future.cancel()
                raise

    async def _send_batch(self, batch: Mapping[int, tuple[_Value, _Waiting[_Answer]]]) -> None:
        """Send these; those of a request that fails are sent in halves, until what is wrong is alone in one."""
        answers: Mapping[int, _Answer | Exception]
        try:
            answers = {**await self._send({device_id: value for device_id, (value, _) in batch.items()})}
        except DriverFault as fault:
            answers = dict.fromkeys(batch, fault)
        except Exception as error:
            if len(batch) > 1:
                devices = [*batch.items()]
                await self._send_batch(dict(devices[: len(devices) // 2]))
                await self._send_batch(dict(devices[len(devices) // 2 :]))
                return
            answers = dict.fromkeys(batch, error)
        for device_id, (_, future) in batch.items():
            future.set_result(answers.get(device_id))
