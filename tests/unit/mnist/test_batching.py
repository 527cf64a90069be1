"""Concurrent requests share a run of the network, a lone one does not wait, and everybody gets their own answer."""

import asyncio
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from mnist.batching import Batcher
from mnist.protocol import Images, Scores


class Network:
    """Answers each image with its first pixel; holds its runs until released."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.started = threading.Semaphore(0)
        self.free = threading.Event()

    def __call__(self, images: Images) -> Scores:
        self.started.release()
        assert self.free.wait(10)
        if (images < 0).any():
            raise RuntimeError("the network failed")
        return np.repeat(images[:, 0, 0, :1], 10, axis=1)


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    yield network
    network.free.set()


def images_of(*values: float) -> Images:
    return np.stack([np.full((1, 28, 28), value, np.float32) for value in values])


async def started(network: Network) -> None:
    await asyncio.to_thread(network.started.acquire, timeout=10)


def test_requests_that_come_during_a_run_share_the_next(network: Network) -> None:
    async def scenario() -> None:
        batcher = Batcher(network, 8, network.sizes.append)
        first = asyncio.create_task(batcher.scores(images_of(0.1)))
        await started(network)  # at once and alone: nothing waits for company
        others = [asyncio.create_task(batcher.scores(images_of(value, value + 0.01))) for value in (0.2, 0.3, 0.4)]
        await asyncio.sleep(0)
        network.free.set()
        assert (await first)[:, 0] == pytest.approx([0.1])
        for value, answer in zip((0.2, 0.3, 0.4), await asyncio.gather(*others), strict=True):
            assert answer.shape == (2, 10)
            assert answer[:, 0] == pytest.approx([value, value + 0.01])

    asyncio.run(scenario())
    assert network.sizes == [1, 6]


def test_a_large_request_is_computed_in_several_runs(network: Network) -> None:
    network.free.set()
    values = [number / 100 for number in range(20)]
    answer = asyncio.run(Batcher(network, 8, network.sizes.append).scores(images_of(*values)))
    assert answer[:, 0] == pytest.approx(values)
    assert network.sizes == [8, 8, 4]


def test_a_failed_run_fails_its_requests_only(network: Network) -> None:
    async def scenario() -> None:
        batcher = Batcher(network, 1, network.sizes.append)
        network.free.set()
        outcomes = await asyncio.gather(batcher.scores(images_of(-1)), batcher.scores(images_of(0.5)), return_exceptions=True)
        assert isinstance(outcomes[0], RuntimeError)
        assert not isinstance(outcomes[1], BaseException)

    asyncio.run(scenario())


def test_a_client_that_left_does_not_disturb_the_others(network: Network) -> None:
    async def scenario() -> None:
        batcher = Batcher(network, 8, network.sizes.append)
        left = asyncio.create_task(batcher.scores(images_of(0.1)))
        await started(network)
        stays = asyncio.create_task(batcher.scores(images_of(0.2)))
        left.cancel()
        network.free.set()
        assert (await stays)[0, 0] == pytest.approx(0.2)

    asyncio.run(scenario())
