"""Which change of a canary is right depends on what runs: each sequence of updates, on objects as KServe writes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.live_rules import Wanted, refused
from scripts.live_state import Version
from tests.unit.mlops.fake_kserve import FakeKServe

A, B, C = (Version(f"s3://models/mnist/{name}.pt", "server:1") for name in "abc")


def deployed(*changes: Wanted) -> FakeKServe:
    """A service after these updates, each settled before the next."""
    kserve = FakeKServe()
    for change in changes:
        kserve.apply(change)
        kserve.settle()
    return kserve


def words(change: Wanted, kserve: FakeKServe) -> str:
    return "\n".join(refused(change, kserve.observe()))


def test_the_way_of_a_candidate_that_is_promoted_and_then_rolled_back_is_free() -> None:
    kserve = deployed(Wanted(A))
    for change in (
        Wanted(A, B, 0),
        Wanted(A, B, 10),
        Wanted(A, B, 100),
        Wanted(B),
        Wanted(A, B, 0),
        Wanted(A, None, 0),
        Wanted(A),
    ):
        assert not words(change, kserve), change
        kserve.apply(change)
        kserve.settle()
    assert kserve.users() == {str(A): 100}


@pytest.mark.parametrize("percent", [0, 10, 50, 99])
def test_the_way_back_is_free_from_every_percentage(percent: int) -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, 0), Wanted(A, B, percent))
    for change in (Wanted(A, B, 0), Wanted(A, None, 0), Wanted(A)):
        assert not words(change, kserve), change
        kserve.apply(change)
        kserve.settle()
        assert kserve.users() == {str(A): 100}


def test_a_candidate_on_a_first_deployment_is_refused() -> None:
    assert "no version has had all requests yet" in words(Wanted(A, B, 10), FakeKServe())
    assert not words(Wanted(A), FakeKServe())


def test_a_candidate_beside_a_service_that_never_was_ready_is_refused() -> None:
    kserve = FakeKServe(unready={A.model})
    kserve.apply(Wanted(A))
    kserve.settle()
    assert "no version has had all requests yet" in words(Wanted(A, B, 10), kserve)


def test_a_candidate_beside_a_service_in_standard_mode_is_refused() -> None:
    kserve = replace(deployed(Wanted(A)), mode="Standard")
    assert "Standard mode" in words(Wanted(A, B, 10), kserve)
    assert not words(Wanted(A), kserve), "the move to Knative itself"


def test_the_move_to_standard_mode_is_nobody_s_canary() -> None:
    assert not words(Wanted(C, on_requests=False), deployed(Wanted(A), Wanted(A, B, 10)))


@pytest.mark.parametrize("percent", [0, 10, 100])
def test_the_stable_model_edited_under_a_live_candidate_is_refused(percent: int) -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, percent))
    assert f"users would get {A.model}, not {C.model}" in words(Wanted(C, B, percent), kserve)


def test_the_stable_server_edited_under_a_live_candidate_is_refused() -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, 10))
    edited = Wanted(Version(A.model, "server:2"), Version(B.model, "server:2"), 10)
    assert f"users would get {A}, not {edited.stable}" in words(edited, kserve)


def test_stable_model_and_candidate_changed_in_one_step_are_refused() -> None:
    assert f"users would get {A.model}, not {C.model}" in words(Wanted(C, B, 10), deployed(Wanted(A)))


def test_another_candidate_may_take_the_place_of_one() -> None:
    assert not words(Wanted(A, C, 10), deployed(Wanted(A), Wanted(A, B, 10)))


def test_but_not_of_one_that_has_all_requests() -> None:
    assert f"users would get {B.model}, not {A.model}" in words(Wanted(A, C, 10), deployed(Wanted(A), Wanted(A, B, 100)))


@pytest.mark.parametrize("percent", [0, 10, 100])
@pytest.mark.parametrize("model", [A, C], ids=["back to stable", "on to a third"])
def test_a_canary_dropped_in_one_step_is_refused(percent: int, model: Version) -> None:
    said = words(Wanted(model), deployed(Wanted(A), Wanted(A, B, percent)))
    assert f"sends every user to {B.model}" in said
    assert f"canary: {{model: {B.model}, percent: 0}}" in said


def test_what_dropping_in_one_step_would_do() -> None:
    """The reason for the rule, in the same words as KServe's code."""
    kserve = deployed(Wanted(A), Wanted(A, B, 0))
    kserve.apply(Wanted(A))
    kserve.unready.add(A.model)  # its new revision is only starting
    kserve.settle()
    assert kserve.users() == {str(B): 100}


def test_the_last_step_back_waits_for_stable_s_new_revision() -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, 10), Wanted(A, B, 0))
    kserve.unready.add(A.model)
    kserve.apply(Wanted(A, None, 0))
    kserve.settle()
    assert f"{A.model} is not ready yet" in words(Wanted(A), kserve)
    kserve.unready.clear()
    kserve.settle()
    assert not words(Wanted(A), kserve)


def test_a_candidate_that_is_not_ready_is_not_promoted() -> None:
    kserve = FakeKServe(unready={B.model})
    for change in (Wanted(A), Wanted(A, B, 0)):
        kserve.apply(change)
        kserve.settle()
    assert f"{B.model} is not ready yet" in words(Wanted(B), kserve)


def test_removing_a_candidate_that_has_all_requests_is_refused_until_they_are_taken_from_it() -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, 100))
    assert "comes too early" in words(Wanted(A, None, 0), kserve)
    kserve.apply(Wanted(A, B, 0))
    kserve.settle()
    assert not words(Wanted(A, None, 0), kserve)


def test_removing_a_candidate_where_none_stands_is_refused() -> None:
    assert "none stands" in words(Wanted(A, None, 0), deployed(Wanted(C), Wanted(A)))


def test_what_removing_a_candidate_where_none_stands_would_do() -> None:
    kserve = deployed(Wanted(C), Wanted(A), Wanted(A, None, 0))
    assert kserve.users() == {str(C): 100}


def test_a_candidate_may_differ_by_its_server_alone() -> None:
    other = Version(A.model, "server:2")
    kserve = deployed(Wanted(A))
    for change in (Wanted(A, other, 0), Wanted(A, other, 100), Wanted(other)):
        assert not words(change, kserve)
        kserve.apply(change)
        kserve.settle()
    assert kserve.users() == {str(other): 100}
    said = words(Wanted(A), deployed(Wanted(A), Wanted(A, other, 10)))
    assert f"sends every user to {other}" in said
    assert "canary: {image: server:2, percent: 0}" in said
