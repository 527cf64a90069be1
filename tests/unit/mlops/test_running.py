"""A load sends what its plan says, counts every request once, and charges a stall to all that were due in it."""

import statistics
import threading
import time
from itertools import islice

import pytest

from scripts.mlops.load.measurement import Answered, RequestFailed
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Request, start
from tests.waiting import wait_for


def test_the_closed_loop_sends_every_number_once_over_as_many_connections() -> None:
    sent: list[int] = []
    both = threading.Barrier(2, timeout=10)

    def connect() -> Request:
        both.wait()  # fails unless two connections are opened

        def request(number: int) -> Answered:
            sent.append(number)
            return Answered("one")

        return request

    run = start(Plan(requests=100, clients=2), connect).result()
    assert sorted(sent) == list(range(100))
    assert sorted(sample.number for sample in run.samples) == list(range(100))
    assert run.success_rate == 1
    assert run.per_second == pytest.approx(100 / run.seconds)


def test_the_closed_loop_ends_with_its_time() -> None:
    began = time.time()

    def request(_number: int) -> Answered:
        time.sleep(0.01)
        return Answered("one")

    run = start(Plan(seconds=0.2, clients=3), lambda: request).result()
    assert time.time() - began >= 0.2
    assert began <= run.started <= time.time()
    assert all(sample.due < 0.2 for sample in run.samples)
    assert 3 <= len(run.samples) <= 60


def test_failures_are_counted_by_reason_and_version_and_do_not_stop_the_run() -> None:
    def request(number: int) -> Answered:
        if number % 4 == 0:
            raise RequestFailed("status 503", "two")
        return Answered("one")

    run = start(Plan(requests=100, clients=3), lambda: request).result()
    assert run.success_rate == 0.75
    assert run.failures == {"status 503": 25}
    assert {version: len(part.samples) for version, part in run.by_version().items()} == {"one": 75, "two": 25}


def test_arrivals_are_poisson_and_the_same_for_the_same_seed() -> None:
    due = list(islice(Plan(rate=50, seed=7).due_times(), 5000))
    gaps = [later - earlier for earlier, later in zip([0.0, *due], due, strict=False)]
    assert statistics.mean(gaps) == pytest.approx(1 / 50, rel=0.05)
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.05)  # as of exponential gaps; a clock's is 0
    assert due == list(islice(Plan(rate=50, seed=7).due_times(), 5000))
    assert due != list(islice(Plan(rate=50, seed=8).due_times(), 5000))


def test_the_open_loop_keeps_its_times() -> None:
    starts: dict[int, float] = {}

    def request(number: int) -> Answered:
        starts[number] = time.time()
        return Answered("one")

    run = start(Plan(requests=30, rate=100, seed=1), lambda: request).result()
    due = list(islice(Plan(rate=100, seed=1).due_times(), 30))
    assert [sample.due for sample in sorted(run.samples, key=lambda sample: sample.number)] == due
    assert all(starts[number] - run.started >= due[number] - 0.001 for number in range(30))
    assert len(starts) == 30


def test_a_stall_is_latency_of_every_request_that_was_due_in_it_and_not_fewer_requests() -> None:
    stalled: list[int] = []
    ends: list[float] = []
    over = threading.Event()

    def request(number: int) -> Answered:
        """Nobody is answered before the thirtieth has come, which needs thirty connections at once."""
        if not over.is_set():
            stalled.append(number)
        if len(stalled) >= 30 and not over.is_set():
            ends.append(time.time())
            over.set()
        return Answered("one" if over.wait(10) else "late")

    run = start(Plan(seconds=0.6, rate=200), lambda: request).result()
    assert len(run.samples) == sum(due < 0.6 for due in islice(Plan(rate=200).due_times(), 1000))
    assert over.is_set(), "they are sent when they are due, each over a connection of its own"
    assert all(sample.due + sample.seconds >= ends[0] - run.started for sample in run.samples if sample.number in stalled)


def test_requests_that_no_connection_is_free_for_wait_in_their_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.mlops.load.running.CONNECTIONS", 1)

    def request(number: int) -> Answered:
        time.sleep(0.2 if number == 0 else 0)
        return Answered("one")

    run = start(Plan(requests=10, rate=200), lambda: request).result()
    first, *others = sorted(run.samples, key=lambda sample: sample.number)
    assert all(sample.seconds >= first.due + 0.2 - sample.due for sample in others if sample.due < first.due + 0.2)
    assert others[0].seconds > 0.1  # sent after the stall: measured from sending it would look fast


@pytest.mark.parametrize("rate", [None, 200.0])
def test_the_warm_up_is_sent_and_not_measured(rate: float | None) -> None:
    sent: list[int] = []

    def request(number: int) -> Answered:
        sent.append(number)
        time.sleep(0.002)
        return Answered("one")

    run = start(Plan(requests=20, rate=rate, clients=1, warm_up=0.1), lambda: request).result()
    assert len(run.samples) == 20
    assert len(sent) > 25
    assert min(sample.due for sample in run.samples) >= 0


@pytest.mark.parametrize("rate", [None, 100.0])
def test_a_stopped_load_gives_what_it_measured(rate: float | None) -> None:
    def request(_number: int) -> Answered:
        time.sleep(0.005)
        return Answered("one")

    run = start(Plan(rate=rate, clients=2), lambda: request)
    wait_for(lambda: run.samples, 30, "a first answer")
    assert not run.wait(0)
    run.stop()
    assert run.wait(30)
    assert 0 < run.result().seconds <= time.time() - run.result().started


@pytest.mark.parametrize("rate", [None, 100.0])
def test_a_fault_of_the_load_itself_is_no_failure_of_the_service(rate: float | None) -> None:
    def request(_number: int) -> Answered:
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        start(Plan(rate=rate), lambda: request).result()


def test_what_still_waits_for_a_connection_is_not_sent_after_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.mlops.load.running.CONNECTIONS", 1)
    asked, release = threading.Event(), threading.Event()

    def request(_number: int) -> Answered:
        asked.set()
        assert release.wait(10)
        return Answered("one")

    run = start(Plan(rate=1000), lambda: request)
    assert asked.wait(10)
    assert not run.wait(0.05)
    run.stop()
    release.set()
    assert len(run.result().samples) == 1
