"""In Knative mode, what runs decides which change of versions is right: sequences of updates, on objects as KServe writes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.live_rules import Wanted, refused, wanted
from scripts.live_state import Content
from stacks.config import parse
from stacks.models import models
from tests.model_files import whole
from tests.unit.mlops.fake_kserve import FakeKServe

SERVER = {"digits": {"server": "server:1"}}

A, B, C = (Content(f"s3://models/mnist/{name}.pt", "server:1") for name in "abc")


def deployed(*changes: Wanted) -> FakeKServe:
    """A service after these updates, each settled before the next."""
    kserve = FakeKServe()
    for change in changes:
        kserve.apply(change)
        kserve.settle()
    return kserve


def words(change: Wanted, kserve: FakeKServe) -> str:
    return "\n".join(refused("digits", change, kserve.observe()))


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
    kserve = FakeKServe(unready={A.source})
    kserve.apply(Wanted(A))
    kserve.settle()
    assert "no version has had all requests yet" in words(Wanted(A, B, 10), kserve)


def test_a_candidate_beside_a_service_in_standard_mode_is_refused() -> None:
    kserve = replace(deployed(Wanted(A)), mode="Standard")
    assert "Standard mode" in words(Wanted(A, B, 10), kserve)
    assert not words(Wanted(A), kserve), "the move to Knative itself"


@pytest.mark.parametrize("percent", [0, 10, 100])
def test_the_stable_model_edited_under_a_live_candidate_is_refused(percent: int) -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, percent))
    assert f"users would get {A.source}, not {C.source}" in words(Wanted(C, B, percent), kserve)


def test_the_stable_server_edited_under_a_live_candidate_is_refused() -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, 10))
    edited = Wanted(Content(A.source, "server:2"), Content(B.source, "server:2"), 10)
    assert f"users would get {A}, not {edited.stable}" in words(edited, kserve)


def test_stable_model_and_candidate_changed_in_one_step_are_refused() -> None:
    assert f"users would get {A.source}, not {C.source}" in words(Wanted(C, B, 10), deployed(Wanted(A)))


def test_another_candidate_may_take_the_place_of_one() -> None:
    assert not words(Wanted(A, C, 10), deployed(Wanted(A), Wanted(A, B, 10)))


def test_but_not_of_one_that_has_all_requests() -> None:
    assert f"users would get {B.source}, not {A.source}" in words(Wanted(A, C, 10), deployed(Wanted(A), Wanted(A, B, 100)))


@pytest.mark.parametrize("percent", [0, 10, 100])
@pytest.mark.parametrize("stable", [A, C], ids=["back to stable", "on to a third"])
def test_a_candidate_dropped_in_one_step_is_refused(percent: int, stable: Content) -> None:
    said = words(Wanted(stable), deployed(Wanted(A), Wanted(A, B, percent)))
    assert f"sends every user to {B.source}" in said
    assert f"stable with weight 100 and {{source: {B.source}, weight: 0}}" in said


def test_what_dropping_in_one_step_would_do() -> None:
    """The reason for the rule, in the same words as KServe's code."""
    kserve = deployed(Wanted(A), Wanted(A, B, 0))
    kserve.apply(Wanted(A))
    kserve.unready.add(A.source)  # its new revision is only starting
    kserve.settle()
    assert kserve.users() == {str(B): 100}


def test_the_last_step_back_waits_for_stable_s_new_revision() -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, 10), Wanted(A, B, 0))
    kserve.unready.add(A.source)
    kserve.apply(Wanted(A, None, 0))
    kserve.settle()
    assert f"{A} is not ready yet" in words(Wanted(A), kserve)
    kserve.unready.clear()
    kserve.settle()
    assert not words(Wanted(A), kserve)


def test_a_candidate_that_is_not_ready_is_not_promoted() -> None:
    kserve = FakeKServe(unready={B.source})
    for change in (Wanted(A), Wanted(A, B, 0)):
        kserve.apply(change)
        kserve.settle()
    assert f"{B} is not ready yet" in words(Wanted(B), kserve)


def test_removing_a_candidate_that_has_all_requests_is_refused_until_they_are_taken_from_it() -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, 100))
    assert "comes too early" in words(Wanted(A, None, 0), kserve)
    kserve.apply(Wanted(A, B, 0))
    kserve.settle()
    assert not words(Wanted(A, None, 0), kserve)


def test_removing_a_candidate_where_none_stands_is_refused() -> None:
    assert "there is none" in words(Wanted(A, None, 0), deployed(Wanted(C), Wanted(A)))


def test_what_removing_a_candidate_where_none_stands_would_do() -> None:
    kserve = deployed(Wanted(C), Wanted(A), Wanted(A, None, 0))
    assert kserve.users() == {str(C): 100}


def test_a_candidate_may_differ_by_its_server_alone() -> None:
    other = Content(A.source, "server:2")
    kserve = deployed(Wanted(A))
    for change in (Wanted(A, other, 0), Wanted(A, other, 100), Wanted(other)):
        assert not words(change, kserve)
        kserve.apply(change)
        kserve.settle()
    assert kserve.users() == {str(other): 100}
    said = words(Wanted(A), deployed(Wanted(A), Wanted(A, other, 10)))
    assert f"sends every user to {other}" in said
    assert f"{{source: {A.source}, image: server:2, weight: 0}}" in said


def test_a_custom_image_without_files_is_a_version_too() -> None:
    old, new = Content(None, "server:1"), Content(None, "server:2")
    kserve = deployed(Wanted(old))
    assert kserve.users() == {"server:1": 100}
    for change in (Wanted(old, new, 0), Wanted(old, new, 100), Wanted(new)):
        assert not words(change, kserve)
        kserve.apply(change)
        kserve.settle()
    assert kserve.users() == {"server:2": 100}


def test_every_reason_names_the_key_of_its_model() -> None:
    kserve = deployed(Wanted(A), Wanted(A, B, 10))
    assert words(Wanted(A), kserve).startswith("models.digits.versions: ")
    assert words(Wanted(C, B, 10), kserve).startswith("models.digits.versions[0]: ")


LISTED = [{"name": "v1", "source": A.source, "weight": 90}, {"name": "v2", "source": B.source, "weight": 10}]
AGAIN = [{**LISTED[0], "weight": 100}, {**LISTED[0], "name": "v2", "weight": 0}]
NEWER = [LISTED[0], {**LISTED[0], "name": "v2", "image": "server:2", "weight": 10}]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"source": A.source}, Wanted(A)),
        ({"versions": LISTED}, Wanted(A, B, 10)),
        ({"versions": AGAIN}, Wanted(A, None, 0)),
        ({"versions": NEWER}, Wanted(A, Content(A.source, "server:2"), 10)),
    ],
)
def test_what_is_wanted_follows_from_the_entry(given: dict[str, Any], expected: Wanted) -> None:
    config = parse(whole(models={"digits": {"server": {"kind": "pytorch"}, "scaling": {"metric": "rps"}, **given}}, images=SERVER), "local")
    assert wanted(models(config)[0], config) == expected


def test_an_image_that_is_not_built_yet_is_not_compared() -> None:
    config = parse(whole(models={"other": {"server": {"kind": "pytorch"}, "source": A.source, "scaling": {"metric": "rps"}}}), "local")
    assert wanted(models(config)[0], config) == Wanted(Content(A.source, None))
