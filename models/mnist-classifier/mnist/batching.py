"""Concurrent requests share one run of the network; a lone request never waits for others."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from .protocol import Images, Scores

_Waiting = tuple[Images, asyncio.Future[Scores]]


class Batcher:
    """Runs `compute` on one thread of its own. While it runs, requests gather; the next run takes them, up to `max_batch` images.

    One request of more than `max_batch` images is computed in several runs.
    """

    def __init__(self, compute: Callable[[Images], Scores], max_batch: int, observe: Callable[[int], None]) -> None:
        self._compute = compute
        self._max_batch = max_batch
        self._observe = observe
        self._waiting: deque[_Waiting] = deque()
        self._running = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inference")

    async def scores(self, images: Images) -> Scores:
        """Class probabilities [N, 10]. Raises what `compute` raises."""
        loop = asyncio.get_running_loop()
        parts: list[asyncio.Future[Scores]] = []
        for start in range(0, len(images), self._max_batch):
            future: asyncio.Future[Scores] = loop.create_future()
            self._waiting.append((images[start : start + self._max_batch], future))
            parts.append(future)
        self._run_next()
        if len(parts) == 1:
            return await parts[0]
        return np.concatenate(await asyncio.gather(*parts))

    def _run_next(self) -> None:
        if self._running or not self._waiting:
            return
        batch = self._take()
        images = batch[0][0] if len(batch) == 1 else np.concatenate([images for images, _ in batch])
        self._observe(len(images))
        self._running = True
        run = asyncio.get_running_loop().run_in_executor(self._thread, self._compute, images)
        run.add_done_callback(partial(self._finish, batch))

    def _take(self) -> list[_Waiting]:
        batch = [self._waiting.popleft()]
        size = len(batch[0][0])
        while self._waiting and size + len(self._waiting[0][0]) <= self._max_batch:
            batch.append(self._waiting.popleft())
            size += len(batch[-1][0])
        return batch

    def _finish(self, batch: list[_Waiting], run: asyncio.Future[Scores]) -> None:
        self._running = False
        self._run_next()  # first: the thread must not idle while answers are handed out
        error = run.exception()
        start = 0
        for images, future in batch:
            if not future.done():  # done: the client is gone
                future.set_exception(error) if error else future.set_result(run.result()[start : start + len(images)])
            start += len(images)
