"""When a candidate is good, when it is bad, and when that cannot be said yet."""

from __future__ import annotations

import pytest

from scripts.mlops.delivery.gates import Gates, Window, Windows, judge

GATES = Gates(max_error_rate=0.01, max_p95_ratio=1.5, min_requests=100)
FINE = Window(200, 0, 0.010)


def state(candidate: Window, stable: Window = FINE, gates: Gates = GATES, *, over: bool = True) -> str:
    return judge(gates, Windows(stable, candidate), over=over).state


def test_as_good_as_stable_is_good_at_the_end_of_the_interval_and_not_before() -> None:
    assert state(FINE, over=False) == "watching"
    assert state(FINE) == "good"


@pytest.mark.parametrize(("errors", "expected"), [(0, "good"), (2, "good"), (3, "bad")])
def test_errors_of_200_requests(errors: int, expected: str) -> None:
    assert state(Window(200, errors, 0.010)) == expected


@pytest.mark.parametrize(("errors", "expected"), [(1, "watching"), (2, "bad")])
def test_errors_that_the_missing_requests_cannot_make_up_for_are_enough_at_once(errors: int, expected: str) -> None:
    assert state(Window(5, errors, 0.010), over=False) == expected


def test_errors_count_against_stable_s_own() -> None:
    assert state(Window(200, 12, 0.010), stable=Window(200, 10, 0.010)) == "good"
    assert state(Window(200, 13, 0.010), stable=Window(200, 10, 0.010)) == "bad"


@pytest.mark.parametrize(("seconds", "expected"), [(0.015, "good"), (0.0151, "bad")])
def test_p95_against_stable_s(seconds: float, expected: str) -> None:
    assert state(Window(200, 0, seconds)) == expected
    assert state(Window(200, 0, seconds), over=False) == "watching"


def test_p95_may_have_a_limit_of_its_own() -> None:
    limited = Gates(max_p95_ratio=1.5, max_p95_seconds=0.1, min_requests=100)
    assert state(Window(200, 0, 0.11), Window(200, 0, 0.10), limited) == "bad"
    assert state(Window(200, 0, 0.10), Window(200, 0, 0.10), limited) == "good"


@pytest.mark.parametrize(("stable", "candidate"), [(FINE, Window(99, 0, 0.010)), (Window(99, 0, 0.010), FINE), (Window(), Window())])
def test_too_few_requests_say_nothing(stable: Window, candidate: Window) -> None:
    verdict = judge(GATES, Windows(stable, candidate), over=True)
    assert verdict.state == "watching"
    assert "of at least 100 requests" in verdict.reason
