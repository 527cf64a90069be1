"""The figures of a measurement, from samples that are given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.mlops.load.measurement import Measurement, Sample, by_second, percentile


def sample(due: float, seconds: float = 0.01, failure: str | None = None, version: str = "one") -> Sample:
    return Sample(0, due, seconds, failure, version)


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


def test_throughput_counts_right_answers_only() -> None:
    measurement = Measurement((sample(0), sample(0.5, failure="status 503"), sample(1, failure="status 503"), sample(1.5)), 2.0, 0.0)
    assert measurement.per_second == 1.0
    assert measurement.success_rate == 0.5
    assert measurement.failures == {"status 503": 2}


def test_nothing_measured_is_no_success() -> None:
    nothing = Measurement((), 0.0, 0.0)
    assert (nothing.success_rate, nothing.per_second, nothing.failures, by_second(nothing)) == (0.0, 0.0, {}, [])


def test_versions_are_measured_apart() -> None:
    measurement = Measurement((sample(0, 0.1), sample(1, 0.3, "status 500", "two"), sample(2, 0.2)), 4.0, 0.0)
    versions = measurement.by_version()
    assert list(versions) == ["one", "two"]
    assert versions["one"].latencies == [0.1, 0.2]
    assert versions["one"].per_second == 0.5
    assert versions["two"].failures == {"status 500": 1}


def test_what_was_due_later_is_judged_over_its_own_seconds() -> None:
    steady = Measurement((sample(1, 3.0), sample(5), sample(6)), 10.0, 0.0).since(5)
    assert steady.latencies == [0.01, 0.01]
    assert steady.seconds == 5.0


def test_a_second_has_the_latencies_of_what_was_due_in_it_and_the_answers_that_came_in_it() -> None:
    stalled = Measurement((sample(0.1, 2.0), sample(0.5, 1.6), sample(2.5, version="two"), sample(2.6, failure="reset")), 3.0, 0.0)
    seconds = by_second(stalled)
    assert [second.latencies for second in seconds] == [[1.6, 2.0], [], [0.01, 0.01]]
    assert [second.answered for second in seconds] == [{}, {}, {"one": 2, "two": 1}]
    assert [second.failures for second in seconds] == [0, 0, 1]
