"""When a candidate is good, when it is bad, and when that cannot be said yet."""

from __future__ import annotations

import pytest

from scripts.mlops.delivery.gates import Figures, Gates, Window, Windows, judge

GATES = Gates(max_error_rate=0.01, max_p95_ratio=1.5, min_requests=100)
FINE = Window(200, 0, 0.010)


def state(candidate: Window, stable: Window = FINE, gates: Gates = GATES, *, over: bool = True) -> str:
    return judge(gates, Figures(Windows(stable, candidate)), over=over).state


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
    verdict = judge(GATES, Figures(Windows(stable, candidate)), over=True)
    assert verdict.state == "watching"
    assert "of at least 100 requests" in verdict.reason


LIMITED = Gates(max_p95_ratio=1.5, max_p95_seconds=0.1, min_requests=100)


@pytest.mark.parametrize("candidate", [Window(200, 0, 0.09), Window(200, 200, 0.09)])
def test_without_figures_of_stable_nothing_is_compared(candidate: Window) -> None:
    """Its zeros are not figures: no error rate of 0, no P95 of 0."""
    verdict = judge(LIMITED, Figures(Windows(Window(), candidate)), over=True)
    assert verdict.state == "watching"
    assert verdict.reason == "only 0 to stable, of at least 100 requests"


def test_but_the_candidate_s_own_limit_holds() -> None:
    verdict = judge(LIMITED, Figures(Windows(Window(), Window(200, 0, 0.11))), over=True)
    assert (verdict.state, verdict.reason) == ("bad", "P95 is 110.0 ms, the limit 100.0 ms")


@pytest.mark.parametrize(
    ("windows", "version"),
    [(Windows(Window(200, 0, None), FINE), "stable"), (Windows(FINE, Window(200, 0, None)), "the candidate")],
)
def test_a_p95_that_is_missing_is_not_zero(windows: Windows, version: str) -> None:
    verdict = judge(GATES, Figures(windows), over=True)
    assert (verdict.state, verdict.reason) == ("watching", f"{version} has no P95 yet")


def test_an_idle_stable_version_is_compared_by_errors_alone() -> None:
    """At 100 % stable answers only the rollout's own questions, which the candidate gets too."""
    slow, failing = Windows(FINE, Window(200, 0, 0.05)), Windows(FINE, Window(200, 20, 0.010))
    assert judge(GATES, Figures(slow), over=True).state == "bad"
    assert judge(GATES, Figures(slow), over=True, stable_has_users=False).state == "good"
    assert judge(GATES, Figures(failing), over=True, stable_has_users=False).state == "bad"
    assert judge(LIMITED, Figures(Windows(FINE, Window(200, 0, 0.11))), over=True, stable_has_users=False).state == "bad"


def test_errors_of_users_and_of_probes_both_count() -> None:
    fine, failing = Windows(FINE, FINE), Windows(FINE, Window(200, 20, 0.010))
    assert judge(GATES, Figures(probes=fine, users=failing), over=False).state == "bad"
    assert judge(GATES, Figures(probes=failing, users=fine), over=False).state == "bad"


def test_latency_is_the_users_where_they_are_known() -> None:
    fine, slow = Windows(FINE, FINE), Windows(FINE, Window(200, 0, 0.05))
    assert judge(GATES, Figures(probes=fine, users=slow), over=True).state == "bad"
    assert judge(GATES, Figures(probes=slow, users=fine), over=True).state == "good"
