"""A running load, in its own threads.

Latencies of the open loop count from the moment a request was due, not from when it could be sent: a server that stalls for a
second gets that second in the latency of every request that was due in it (coordinated omission).
"""

import itertools
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from scripts.mlops.load.measurement import Answered, Measurement, RequestFailed, Sample
from scripts.mlops.load.plan import Plan

Request = Callable[[int], Answered]
"""Sends request number i, checks its answer and returns its origin; raises RequestFailed. Each thread has its own connection."""

Connect = Callable[[], Request]

CONNECTIONS = 800
"""An open loop opens another connection whenever all are busy, up to this many (a process may usually open 1024 files).
Beyond that requests wait, and the wait counts as latency."""


def start(plan: Plan, connect: Connect) -> "Running":
    """Start a load; `connect` is called in the thread that uses the connection."""
    return Running(plan, connect)


class Running:
    """A started load: the caller can watch it, wait for it and stop it."""

    def __init__(self, plan: Plan, connect: Connect) -> None:
        self._plan, self._connect = plan, connect
        self._began = time.perf_counter() + plan.warm_up
        self.started = time.time() + plan.warm_up
        self._ended = 0.0
        self._samples: list[Sample] = []
        self._crash: BaseException | None = None
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._numbers, self._warm_up_numbers = itertools.count(), itertools.count(-1, -1)
        self._left = plan.requests
        self._connections: list[threading.Thread] = []
        self._over = threading.Event()
        _started(self._run)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Return the measurement so far, without the warm-up."""
        return tuple(sample for sample in self._samples.copy() if sample.due >= 0)

    def stop(self) -> None:
        """Send nothing more, and wait for the answers to what was sent."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for at most `timeout` seconds; return whether the load is over, with all answers."""
        # Not a join of the thread: one that Ctrl-C interrupts takes it for ended (Python 3.11, Thread._wait_for_tstate_lock).
        return self._over.wait(timeout)

    def result(self) -> Measurement:
        """Wait for the end. An error other than RequestFailed is a bug in this program and is raised here."""
        self.wait()
        if self._crash:
            raise self._crash
        offered = 0.0 if self._stop.is_set() else self._plan.seconds or 0.0  # an open loop's last request is due before its end
        return Measurement(self.samples, max(0.0, offered, self._ended), self.started)

    def _now(self) -> float:
        return time.perf_counter() - self._began

    def _run(self) -> None:
        self._guarded(self._closed_loop if self._plan.rate is None else self._open_loop)
        for connection in self._connections:
            connection.join()
        self._ended = self._now()
        self._over.set()

    def _closed_loop(self) -> None:
        for _ in range(self._plan.clients):
            self._open_connection(self._client)

    def _client(self) -> None:
        request = self._connect()
        while (number := self._next(due := self._now())) is not None:
            self._send(request, number, due)

    def _open_loop(self) -> None:
        waiting: SimpleQueue[tuple[int, float] | None] = SimpleQueue()
        idle = threading.Semaphore(0)
        for due in self._plan.due_times():
            number = self._next(due)
            if number is None or self._stop.wait(max(0.0, due - self._now())):
                break
            if not idle.acquire(blocking=False) and len(self._connections) < CONNECTIONS:
                self._open_connection(self._connection, waiting, idle)
            waiting.put((number, due))
        for _ in self._connections:
            waiting.put(None)

    def _connection(self, waiting: "SimpleQueue[tuple[int, float] | None]", idle: threading.Semaphore) -> None:
        request = self._connect()
        while (item := waiting.get()) is not None and not self._stop.is_set():
            self._send(request, *item)
            idle.release()

    def _next(self, due: float) -> int | None:
        """Return the next request's number, or None at the end of the plan."""
        with self._turn:
            if self._stop.is_set() or (self._plan.seconds is not None and due >= self._plan.seconds):
                return None
            if due < 0:
                return next(self._warm_up_numbers)
            if self._left is not None:
                if self._left == 0:
                    return None
                self._left -= 1
            return next(self._numbers)

    def _send(self, request: Request, number: int, due: float) -> None:
        try:
            answered, failure = request(number), None
        except RequestFailed as failed:
            answered, failure = Answered(failed.version), str(failed)
        self._samples.append(Sample(number, due, self._now() - due, failure, *answered))

    def _open_connection(self, work: Callable[..., None], *arguments: object) -> None:
        self._connections.append(_started(self._guarded, work, *arguments))

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except Exception as error:
            self._crash = error
            self.stop()


def _started(work: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread
