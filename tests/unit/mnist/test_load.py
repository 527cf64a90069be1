"""The load core counts every request once, and charges a stall to all that were due in it."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.mlops.load import Request, RequestFailed, closed_loop, open_loop, percentile


@given(values=st.lists(st.floats(0, 1e6), min_size=1), percent=st.floats(0, 100))
def test_percentile_is_a_value_that_enough_do_not_exceed(values: list[float], percent: float) -> None:
    chosen = percentile(sorted(values), percent)
    assert chosen in values
    assert sum(value <= chosen for value in values) >= percent / 100 * len(values) - 1e-9
    assert sum(value < chosen for value in values) <= percent / 100 * len(values)


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (95, 95), (99, 99), (100, 100), (0, 1)])
def test_percentiles_of_a_hundred(percent: float, expected: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], percent) == expected


def test_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_the_closed_loop_sends_every_number_once_over_as_many_connections() -> None:
    sent: list[int] = []
    connections: set[int] = set()
    both = threading.Barrier(2, timeout=10)

    def connect() -> Request:
        both.wait()  # fails unless two connections are opened
        connections.add(threading.get_ident())
        return sent.append

    run = closed_loop(connect, 100, 2)
    assert sorted(sent) == list(range(100))
    assert sorted(sample.number for sample in run.samples) == list(range(100))
    assert run.success_rate == 1
    assert run.per_second == pytest.approx(100 / run.seconds)


def test_failures_are_counted_by_reason_and_do_not_stop_the_run() -> None:
    def request(number: int) -> None:
        if number % 4 == 0:
            raise RequestFailed("status 503")

    run = closed_loop(lambda: request, 100, 3)
    assert run.success_rate == 0.75
    assert run.failures == {"status 503": 25}


def test_the_open_loop_keeps_its_clock() -> None:
    starts: dict[int, float] = {}

    def request(number: int) -> None:
        starts[number] = time.perf_counter()

    open_loop(lambda: request, 11, 2, rate=100)
    assert all(starts[number] - starts[0] >= number / 100 - 0.02 for number in range(11))


def test_the_open_loop_charges_a_stall_to_every_request_that_was_due() -> None:
    def request(number: int) -> None:
        if number == 0:
            time.sleep(0.2)

    run = open_loop(lambda: request, 10, 1, rate=100)
    late = {sample.number: sample.seconds for sample in run.samples}
    assert late[0] >= 0.2
    assert late[9] >= 0.1  # due after 0.09 s, sent after 0.2 s: measured from sending it would look fast
