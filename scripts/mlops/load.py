"""The load core: sends a number of requests, as fast as they are answered (closed loop) or on a clock (open loop), and measures them.

Latencies of the open loop count from the moment a request was due, not from when a free connection was found for it:
a server that stalls for a second is charged that second by every request that was due in it.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Request = Callable[[int], None]
"""Sends request number i and checks its answer; raises RequestFailed. One per connection, used by one thread only."""


class RequestFailed(Exception):  # noqa: N818 (an outcome that is counted, not an error of the program)
    """A request that was not answered as it should be; the message is a short reason, the same for the same fault."""


@dataclass(frozen=True)
class Sample:
    """One request: its number, seconds from when it was due to its checked answer, and why it failed if it did."""

    number: int
    seconds: float
    failure: str | None


@dataclass(frozen=True)
class Measurement:
    """What a run gave: its samples in order of completion, and the seconds it took."""

    samples: tuple[Sample, ...]
    seconds: float

    @property
    def success_rate(self) -> float:
        """Share of requests answered as they should be, 0..1."""
        return sum(sample.failure is None for sample in self.samples) / len(self.samples)

    @property
    def failures(self) -> dict[str, int]:
        """How often each reason occurred."""
        return dict(Counter(sample.failure for sample in self.samples if sample.failure is not None))

    @property
    def per_second(self) -> float:
        """Requests finished per second."""
        return len(self.samples) / self.seconds

    @property
    def latencies(self) -> list[float]:
        """Seconds, sorted; failed requests count too: leaving out time-outs would flatter the tail."""
        return sorted(sample.seconds for sample in self.samples)


def percentile(ascending: list[float], percent: float) -> float:
    """The smallest value that `percent` of the values do not exceed (nearest rank). Raises ValueError for no values."""
    if not ascending:
        raise ValueError("no values")
    return ascending[max(0, math.ceil(percent / 100 * len(ascending)) - 1)]


def closed_loop(connect: Callable[[], Request], requests: int, concurrency: int) -> Measurement:
    """Every one of `concurrency` connections sends its next request when the last is answered."""
    return _run(connect, concurrency, ((number, None) for number in range(requests)))


def open_loop(connect: Callable[[], Request], requests: int, concurrency: int, rate: float) -> Measurement:
    """`rate` requests per second, however slow the answers; while all connections are busy, requests wait and their latency grows."""
    start = time.perf_counter()
    return _run(connect, concurrency, ((number, start + number / rate) for number in range(requests)))


def _run(connect: Callable[[], Request], concurrency: int, schedule: Iterator[tuple[int, float | None]]) -> Measurement:
    samples: list[Sample] = []
    lock = threading.Lock()

    def work() -> None:
        request = connect()
        while True:
            with lock:
                number, due = next(schedule, (None, None))
            if number is None:
                return
            samples.append(_timed(request, number, due))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(concurrency)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Measurement(tuple(samples), time.perf_counter() - start)


def _timed(request: Request, number: int, due: float | None) -> Sample:
    if due is None:
        due = time.perf_counter()
    elif (early := due - time.perf_counter()) > 0:
        time.sleep(early)
    try:
        request(number)
    except RequestFailed as failure:
        return Sample(number, time.perf_counter() - due, str(failure))
    return Sample(number, time.perf_counter() - due, None)
