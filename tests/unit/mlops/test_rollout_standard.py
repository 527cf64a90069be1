"""The driver in Standard mode: which pods start, what the gateway says, and versions that belong to others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.errors import DriverError
from scripts.live_versions import Versions
from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK
from tests.unit.mlops.fake_ports import BAD, A, B, Behaviour, C, D, at, entry, killed_at, shares
from tests.unit.mlops.fake_versions import NOBODY, VersionsWorld


@pytest.fixture
def world(tmp_path: Path) -> VersionsWorld:
    return VersionsWorld(tmp_path)


def test_no_pod_starts_for_a_share_or_for_a_way_back(world: VersionsWorld) -> None:
    world.behaviours[B] = BAD["errors"]
    assert world.run().outcome == ROLLED_BACK
    assert [only for only, _ in world.ups] == [None, None], "the route is right as it is: nothing is hurried"
    world.behaviours.clear()
    world.kserve.started.clear()
    assert world.run().outcome == PROMOTED
    assert world.kserve.started == ["v2"]
    world.rollout().back("a person asked for it")
    assert world.kserve.started == ["v2", "v1"]


def test_100_is_always_a_share_and_errors_count_there(world: VersionsWorld) -> None:
    """A version that leaves the list has no requests. Errors of the rollout's own questions are compared: stable answers the same ones."""
    settle = world.settle

    def turn(judged: journals.Judged) -> None:
        settle(judged)
        if judged.name == "50 %":
            world.behaviours[B] = BAD["errors"]

    world.settle = turn  # type: ignore[method-assign]
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert [step.name for step in done.steps] == ["dark", "10 %", "50 %", "100 %"]
    assert "requests failed" in done.going_back


def test_a_share_stands_when_the_gateway_has_taken_it(world: VersionsWorld) -> None:
    settle, say = world.settle, world.say

    def turn(judged: journals.Judged) -> None:
        settle(judged)
        world.kserve.is_deaf = judged.name == "dark"

    def told(text: str) -> None:
        say(text)
        world.kserve.is_deaf = False

    world.settle, world.say = turn, told  # type: ignore[method-assign]
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert "6 s after the update, gateway gateway has not said yet whether the route is Accepted" in done.going_back
    assert max(shares(world, B)) == 0


def test_a_promotion_whose_update_failed_half_way_is_taken_back(world: VersionsWorld) -> None:
    settle = world.settle

    def turn(judged: journals.Judged) -> None:
        settle(judged)
        if judged.name == "100 %":
            world.then = fail

    def fail() -> None:
        world.behaviours[B], world.then = Behaviour(answers=False), recover

    def recover() -> None:
        world.behaviours[B] = Behaviour()

    say = world.say

    def told(text: str) -> None:
        say(text)
        world.behaviours[B] = Behaviour()

    world.settle, world.say = turn, told  # type: ignore[method-assign]
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert "does not answer through the route" in done.going_back
    assert world.written[-1] == A
    assert world.kserve.started == ["v1", "v2"], "stable had not been removed yet"
    assert max(shares(world, NOBODY)) == 0


def test_names_are_not_used_twice(tmp_path: Path) -> None:
    world = VersionsWorld(tmp_path, given=[entry("v7", A, 100)])
    assert world.run(A, "vllm.example/vllm:2").outcome == PROMOTED
    assert world.written[0] == [entry("v7", A, 100), entry("v8", A, 0, image="vllm.example/vllm:2")]
    assert world.run(B).outcome == PROMOTED
    assert world.written[-1] == [entry("v9", B, 100)]


def test_a_short_form_never_stands_for_another_version_than_v1(world: VersionsWorld) -> None:
    """Its InferenceService has the model's plain name: another version of that name would restart in its place."""
    assert world.run(B).outcome == PROMOTED
    assert world.noted() == [entry("v2", B, 100)]
    assert world.run(C).outcome == PROMOTED
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.noted() == [entry("v2", B, 100)]


def test_a_shadow_is_left_where_it_is(tmp_path: Path) -> None:
    shadowed = [entry("v1", A, 100), entry("dark", C, 0)]
    world = VersionsWorld(tmp_path, given=shadowed, more={"shadow": {"version": "dark", "percent": 50}})
    with pytest.raises(DriverError, match="an experiment or a shadow has"):
        world.run(C)
    assert world.run(B).outcome == PROMOTED
    assert world.written[0] == [*shadowed, entry("v2", B, 0)]
    assert world.written[-1] == [entry("dark", C, 0), entry("v2", B, 100)]
    assert world.kserve.started == ["v1", "dark", "v2"]


def test_more_than_two_versions_are_nobodys_rollout(tmp_path: Path) -> None:
    world = VersionsWorld(tmp_path, given=[entry("v1", A, 50), entry("v2", B, 30), entry("v3", C, 20)])
    with pytest.raises(DriverError, match="needs one version, or stable and then its candidate"):
        world.run(D)
    assert world.written == []


def test_a_candidate_beside_a_first_deployment_is_refused(world: VersionsWorld) -> None:
    world.kserve.parts.clear()
    with pytest.raises(DriverError, match="v1 does not run yet; deploy it alone"):
        world.run()
    assert world.written == []


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (lambda live: replace(live, is_routed=False), "no route leads to the model"),
        (lambda live: replace(live, running={"v1": replace(live.running["v1"], on_knative=True)}), "runs in Knative mode"),
    ],
)
def test_a_candidate_is_refused_where_nothing_could_split_its_requests(
    world: VersionsWorld, monkeypatch: pytest.MonkeyPatch, live: object, said: str
) -> None:
    observed: Versions = world.versions()
    monkeypatch.setattr(world, "versions", lambda: live(observed))  # type: ignore[operator]
    with pytest.raises(DriverError, match=rf"models\.digits\.versions: .*{said}"):
        world.run()
    assert world.written == []


def test_without_a_journal_the_way_back_is_the_same(world: VersionsWorld) -> None:
    killed_at(world, 10)
    world.journal.unlink()
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.written[-2:] == [at(0), [entry("v1", A, 100)]]
