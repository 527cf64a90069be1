"""The driver on a whole platform in memory, in both modes: its writes, their order, and the users' answers meanwhile.

Cases of one mode alone: test_rollout_knative.py and test_rollout_standard.py. Kills: test_rollout_killed.py. Any entry of a stack file:
test_rollout_models.py. Rollouts that never begin: test_rollout_refused.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import DriverError
from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.gates import Gates
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK
from scripts.mlops.delivery.plan import Named, Sides, Step
from scripts.mlops.delivery.ports import Pace
from tests.unit.mlops.fake_platform import World
from tests.unit.mlops.fake_ports import (
    BAD,
    GATES,
    PERCENTS,
    A,
    B,
    Behaviour,
    C,
    FakeWatch,
    Killed,
    Platform,
    at,
    entry,
    killed_at,
    share_of,
    shares,
    turns,
)
from tests.unit.mlops.fake_versions import NOBODY, VersionsWorld

MADE: dict[str, Callable[[Path], Platform]] = {
    "Knative": World,
    # A cluster that has not even begun when an update ends.
    "Knative, slow": lambda folder: World(folder, is_slow=True),
    "Standard": VersionsWorld,
}
REASON = {
    "errors": "requests failed",
    "slow": "more than 1.5 times as much",
    "does not start": "is not ready",
    "does not answer": "does not answer",
    "crashes": "crashed 1 times",
    "is never asked": "nothing can be said of it: only 0 to the candidate",
}


@pytest.fixture(params=MADE)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Platform:
    return MADE[request.param](tmp_path)


def way_back(world: Platform) -> list[Any]:
    """The states of the stack file, one after the other, while a candidate is taken back."""
    anew = [[entry("v1", A, 100), entry("v2", A, 0)]] if world.mode == "Knative" else []
    return [at(0), *anew, A]


def promoted(world: Platform) -> Any:  # noqa: ANN401
    return B if world.mode == "Knative" else [entry("v2", B, 100)]


def before(world: Platform, percent: int) -> str:
    """The step before the one with this share."""
    return {10: "dark", 50: "10 %", world.last: "50 %"}[percent]


def test_a_good_candidate_goes_through_every_step_and_is_promoted(world: Platform) -> None:
    done = world.run()
    assert done.outcome == PROMOTED
    assert world.written == [at(0), at(10), at(50), at(world.last), promoted(world)]
    assert [(step.name, step.verdict) for step in done.steps] == [
        ("dark", "good"),
        ("10 %", "good"),
        ("50 %", "good"),
        (f"{world.last} %", "good"),
        ("promote", "good"),
    ]
    assert share_of(world.users(), B) == 100
    assert len(world.revisions()) == (2 if world.mode == "Knative" else 1)
    assert max(shares(world, NOBODY)) == 0


def test_the_steps_are_recorded_with_what_was_measured(world: Platform) -> None:
    done = world.run()
    assert done.steps[1].windows.candidate.requests >= 20
    assert done.steps[1].windows.stable.p95_seconds == 0.010
    assert done.steps[3].windows.stable.requests >= 20, "also at the last percentage stable is there to be compared with"
    assert journals.load(world.journal) == done


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_candidate_is_found_in_the_dark_and_no_user_gets_it(world: Platform, kind: str) -> None:
    if kind == "does not answer" and getattr(world, "is_slow", False):
        kind = "does not start"  # nothing asked it when the update ended
    world.behaviours[B] = BAD[kind]
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert REASON[kind] in done.going_back
    assert world.written == way_back(world)
    assert set(shares(world, A)) == {100}


@pytest.mark.parametrize("kind", ["errors", "slow", "crashes"])
@pytest.mark.parametrize("percent", [10, 50, "last"])
def test_one_that_turns_bad_later_is_taken_back_from_there(world: Platform, kind: str, percent: int | str) -> None:
    share = world.last if isinstance(percent, str) else percent
    turns(world, before(world, share), BAD[kind])
    done = world.run()
    if kind == "slow" and share == 100:
        assert done.outcome == PROMOTED, "stable, idle by then, has no P95 to compare with"
        return
    assert done.outcome == ROLLED_BACK
    assert REASON[kind] in done.going_back
    back = way_back(world)
    assert world.written[-len(back) - 1 :] == [at(share), *back]
    assert max(shares(world, B)) == share
    assert shares(world, A)[-1] == 100
    assert max(shares(world, NOBODY)) == 0


@pytest.mark.parametrize(("milliseconds", "outcome"), [(100, PROMOTED), (20, ROLLED_BACK)])
def test_the_candidate_s_own_limit_holds_at_every_share(world: Platform, milliseconds: int, outcome: str) -> None:
    turns(world, f"{world.last} %" if outcome == PROMOTED else "50 %", BAD["slow"])
    rollout = world.rollout()
    rollout.gates = Gates(GATES.max_error_rate, GATES.max_p95_ratio, milliseconds / 1000, GATES.min_requests)
    assert rollout.run(Named(B), PERCENTS).outcome == outcome


def test_going_back_the_first_update_is_of_one_resource(world: Platform) -> None:
    killed_at(world, 50)
    back = world.rollout().back("a person asked for it")
    assert back.outcome == ROLLED_BACK
    assert world.written[-len(way_back(world)) :] == way_back(world)
    hurried, *others = [only for only, _ in world.ups][-len(way_back(world)) :]  # type: ignore[attr-defined]
    kind = "serving.kserve.io/v1beta1:InferenceService" if world.mode == "Knative" else "gateway.networking.k8s.io/v1:HTTPRoute"
    assert hurried == f"**kubernetes:{kind}::digits"
    assert set(others) == {None}
    assert back.written_seconds is not None
    assert back.obeyed_seconds is not None
    assert back.obeyed_seconds >= back.written_seconds
    assert back.written_at is not None
    assert back.written_at <= world.epoch()


def test_a_promotion_is_taken_back_when_stable_has_started_anew(world: Platform) -> None:
    """Its old pods are gone by then: to send users there at once would make them wait for a start."""
    world.run()
    world.written.clear()
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    on_the_way = [[entry("v2", B, 100), entry("v1", A, 0)], [entry("v2", B, 0), entry("v1", A, 100)]] if world.mode == "Standard" else []
    assert world.written == [*on_the_way, A]
    assert share_of(world.users(), A) == 100
    assert max(shares(world, NOBODY)) == 0


def test_a_journal_of_another_driver_is_read_as_far_as_it_is_known(world: Platform) -> None:
    killed_at(world, 50)
    content = json.loads(world.journal.read_text())
    stable = {**content["stable"], "new": 1}
    world.journal.write_text(
        json.dumps({**content, "new": 1, "stable": stable, "steps": [{**step, "new": 1} for step in content["steps"]]})
    )
    assert world.run().outcome == PROMOTED
    assert world.written.count(at(0)) == 1, "what was judged is not judged again"


def test_a_second_candidate_is_refused_while_one_stands(world: Platform) -> None:
    killed_at(world, 50)
    with pytest.raises(DriverError, match=f"a rollout of {B} is under way"):
        world.run(C)
    world.journal.unlink()
    with pytest.raises(DriverError, match=f"the candidate {B} has 50 % of the requests"):
        world.run(C)


def test_without_a_journal_it_goes_on_at_the_percentage_of_the_stack_file(world: Platform) -> None:
    killed_at(world, 50)
    world.journal.unlink()
    world.written.clear()
    assert world.run().outcome == PROMOTED
    assert world.written == [at(world.last), [entry("v2", B, 100)]], "that it began with the short form is forgotten"


def test_what_is_stable_already_is_only_applied(world: Platform) -> None:
    assert world.run(A).outcome == PROMOTED
    assert world.written == []
    assert [only for only, _ in world.ups] == [None]  # type: ignore[attr-defined]


def test_nothing_is_rolled_back_where_nothing_stands(world: Platform) -> None:
    with pytest.raises(DriverError, match="nothing to roll back"):
        world.rollout().back("a person asked for it")


def test_a_stack_without_the_model_has_nothing_to_roll_out_beside(world: Platform) -> None:
    rollout = world.rollout()
    world.file.path.write_text(json.dumps({"config": {"inference-platform:models": {}}}))
    with pytest.raises(DriverError, match=r"has no models\.digits"):
        rollout.run(Named(B), PERCENTS)


def test_an_update_that_never_reached_the_model_leaves_the_stack_file_as_it_was(world: Platform) -> None:
    world.engine_is_broken = True
    with pytest.raises(DriverError, match="before it reached the model"):
        world.run()
    assert world.noted() == A
    world.engine_is_broken = False
    settle = world.settle
    world.settle = lambda judged: setattr(world, "engine_is_broken", judged.name == "dark")  # type: ignore[method-assign]
    with pytest.raises(DriverError, match="before it reached the model"):
        world.run()
    assert world.noted() == at(0), "a good candidate is not taken back for it"
    world.engine_is_broken, world.settle = False, settle  # type: ignore[method-assign]
    assert world.run().outcome == PROMOTED


def test_an_engine_that_fails_while_users_wait_is_tried_again_and_then_said(world: Platform) -> None:
    killed_at(world, 50)
    world.engine_is_broken = True
    with pytest.raises(DriverError, match="users may still get"):
        world.rollout().back("a person asked for it")
    world.engine_is_broken = False
    assert world.rollout().back("again").outcome == ROLLED_BACK


@pytest.mark.parametrize("questions", [1, 2, 5, 20])
def test_a_cluster_that_is_silent_for_a_while_does_not_stop_the_way_back(world: Platform, questions: int) -> None:
    killed_at(world, 50)
    world.silent_for = questions
    done = world.rollout(Pace(interval=6, tick=2, settle=6, persist=600)).back("a person asked for it")
    assert done.outcome == ROLLED_BACK
    assert world.written[-len(way_back(world)) :] == way_back(world)


def test_nor_the_judgement_of_a_step(world: Platform) -> None:
    watched = world.watch

    def silent(step: Step, sides: Sides) -> AbstractContextManager[FakeWatch]:
        world.silent_for = 2
        return watched(step, sides)

    world.watch = silent  # type: ignore[assignment, method-assign]
    assert world.run().outcome == PROMOTED


def test_a_decision_to_go_back_outlives_a_kill_even_if_the_candidate_recovers(world: Platform) -> None:
    world.behaviours[B] = Behaviour(errors=0.5)
    say = world.say

    def killed(text: str) -> None:
        assert text.startswith("rolling back")
        raise Killed

    world.say = killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        world.run()
    world.say = say  # type: ignore[method-assign]
    world.behaviours[B] = Behaviour()
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert "requests failed" in done.going_back
