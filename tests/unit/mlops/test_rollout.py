"""The driver on a whole platform in memory: what it writes, in which order, whom users get meanwhile, and what a kill leaves."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import DriverError
from scripts.live_rules import Wanted
from scripts.live_state import Version
from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK
from scripts.mlops.delivery.plan import Named, Sides, Step
from scripts.mlops.delivery.ports import Pace
from tests.unit.mlops.fake_platform import A, B, World
from tests.unit.mlops.fake_ports import BAD, Behaviour, FakeWatch, Killed, killed_at, share_of

C = "s3://models/mnist/c.pt"
DARK = {"model": A, "canary": {"model": B, "percent": 0}, "image": None}
REMOVED = {"model": A, "canary": {"percent": 0}, "image": None}
STABLE = {"model": A, "canary": None, "image": None}


def at(percent: int) -> dict[str, Any]:
    return {"model": A, "canary": {"model": B, "percent": percent}, "image": None}


@pytest.fixture(params=["checked", "slow"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A cluster that has done what it was told when an update ends, and one that has not even begun."""
    return World(tmp_path, is_slow=request.param == "slow")


def test_a_good_candidate_goes_through_every_step_and_is_promoted(world: World) -> None:
    assert world.run().outcome == PROMOTED
    assert world.written == [DARK, at(10), at(50), at(99), {"model": B, "canary": None, "image": None}]
    assert share_of(world.kserve.users(), B) == 100
    assert [revision.version.model for revision in world.kserve.revisions] == [A, B], "the promotion makes no revision"


def test_the_steps_are_recorded_with_what_was_measured(world: World) -> None:
    done = world.run()
    assert [(step.name, step.verdict) for step in done.steps] == [
        ("dark", "good"),
        ("10 %", "good"),
        ("50 %", "good"),
        ("99 %", "good"),
        ("promote", "good"),
    ]
    assert done.steps[1].windows.candidate.requests >= 20
    assert done.steps[1].windows.stable.p95_seconds == 0.010
    assert done.steps[3].windows.stable.requests >= 20, "also at the last percentage there is somebody to compare with"
    assert journals.load(world.journal) == done


REASON = {
    "errors": "requests failed",
    "slow": "more than 1.5 times as much",
    "does not start": "is not ready",
    "does not answer": "does not answer",
    "crashes": "crashed 1 times",
    "is never asked": "nothing can be said of it: only 0 to the candidate",
}


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind != "does not answer"])
def test_a_bad_candidate_is_found_in_the_dark_and_no_user_gets_it(world: World, kind: str) -> None:
    found_in_the_dark(world, kind)


def test_so_is_one_that_does_not_answer_where_an_update_asks_it(tmp_path: Path) -> None:
    found_in_the_dark(World(tmp_path), "does not answer")


def found_in_the_dark(world: World, kind: str) -> None:
    world.behaviours[B] = BAD[kind]
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert REASON[kind] in done.going_back
    assert world.written == [DARK, REMOVED, STABLE]
    assert max(share_of(users, B) for _, users in world.seen) == 0
    assert share_of(world.kserve.users(), A) == 100


@pytest.mark.parametrize("kind", ["errors", "slow", "crashes"])
@pytest.mark.parametrize("percent", [10, 50, 99])
def test_one_that_turns_bad_later_is_taken_back_from_there(world: World, kind: str, percent: int) -> None:
    steps = {10: 1, 50: 2, 99: 3}[percent]
    world.behaviours[B] = Behaviour()
    taken = world.rollout()
    settle = world.settle

    def turn(judged: journals.Judged) -> None:
        settle(judged)
        if len(world.shown) == steps:
            world.behaviours[B] = BAD[kind]

    world.settle = turn  # type: ignore[method-assign]
    done = taken.run(Named(B), (10, 50, 100))
    assert done.outcome == ROLLED_BACK
    assert world.written[-3:] == [DARK, REMOVED, STABLE]
    assert world.written[-4] == at(percent)
    assert max(share_of(users, B) for _, users in world.seen) == percent
    assert share_of(world.kserve.users(), A) == 100


def test_going_back_the_first_update_is_of_the_service_alone(world: World) -> None:
    killed_at(world, 50)
    back = world.rollout().back("a person asked for it")
    assert back.outcome == ROLLED_BACK
    assert world.written[-3:] == [DARK, REMOVED, STABLE]
    hurried, *others = world.ups[-3:]
    assert hurried[0] is not None
    assert "InferenceService::mnist-classifier" in hurried[0]
    assert [only for only, _ in others] == [None, None]
    assert back.written_seconds is not None
    assert back.obeyed_seconds is not None
    assert back.obeyed_seconds >= back.written_seconds
    assert back.written_at is not None
    assert back.written_at <= world.epoch()


def test_a_promotion_is_taken_back_when_stable_has_started_anew(world: World) -> None:
    """By then its old pods are gone: to send users there at once would make them wait for a start."""
    world.run()
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.written[-1] == STABLE
    assert world.written[-2] == {"model": B, "canary": None, "image": None}
    assert [only for only, _ in world.ups[-1:]] == [None]
    assert world.kserve.revisions[-1].version.model == A
    assert share_of(world.kserve.users(), A) == 100


def test_a_promotion_that_fails_is_taken_back_like_a_candidate(world: World) -> None:
    settle = world.settle

    def turn(judged: journals.Judged) -> None:
        settle(judged)
        if judged.name == "99 %":
            world.is_slow, world.behaviours[B] = False, Behaviour(answers=False)

    def go_slowly(text: str) -> None:
        world.is_slow = text.startswith("rolling back")

    world.settle, world.say = turn, go_slowly  # type: ignore[method-assign]
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert [step.name for step in done.steps][-1] == "promote"
    assert world.written[-3:] == [DARK, REMOVED, STABLE]
    shares = [share_of(users, B) for _, users in world.seen]
    after = shares[len(shares) - shares[::-1].index(100) :]
    assert after
    assert set(after) == {0}, "once it was taken back it does not return"


def test_a_server_is_promoted_as_an_image_and_taken_back_as_one(world: World) -> None:
    assert world.run(A, "server:2").outcome == PROMOTED
    assert world.written[0] == {"model": A, "canary": {"image": "server:2", "percent": 0}, "image": None}
    assert world.written[-1] == {"model": A, "canary": None, "image": "server:2"}
    assert [revision.version.image for revision in world.kserve.revisions] == ["server:1", "server:2"]
    world.rollout().back("a person asked for it")
    assert world.written[-1] == STABLE


def test_a_journal_of_another_driver_is_read_as_far_as_it_is_known(world: World) -> None:
    killed_at(world, 50)
    content = json.loads(world.journal.read_text())
    world.journal.write_text(json.dumps({**content, "new": 1, "steps": [{**step, "new": 1} for step in content["steps"]]}))
    assert world.run().outcome == PROMOTED
    assert [entry["canary"] for entry in world.written].count(DARK["canary"]) == 1, "what was judged is not judged again"


def test_a_second_candidate_is_refused_while_one_stands(world: World) -> None:
    killed_at(world, 50)
    with pytest.raises(DriverError, match=f"a rollout of {B} is under way"):
        world.run(C)


def test_without_a_journal_it_goes_on_at_the_percentage_of_the_stack_file(world: World) -> None:
    world.run()
    world.rollout().back("to begin anew")
    world.moments_left = None
    world.written.clear()
    for percent in (0, 10, 50):
        world.file.write({("services", "mnist", "canary"): {"model": B, "percent": percent}})
        world.up()
    world.journal.unlink()
    world.written.clear()
    assert world.run().outcome == PROMOTED
    assert world.written == [at(99), {"model": B, "canary": None, "image": None}]


def test_what_is_stable_already_is_only_applied(world: World) -> None:
    assert world.run(A).outcome == PROMOTED
    assert world.written == []
    assert [only for only, _ in world.ups] == [None]


def test_nothing_is_rolled_back_where_nothing_stands(world: World) -> None:
    with pytest.raises(DriverError, match="nothing to roll back"):
        world.rollout().back("a person asked for it")


def test_a_change_that_the_live_state_forbids_is_not_written(world: World) -> None:
    world.kserve.mode = "Standard"
    with pytest.raises(DriverError, match="Standard mode"):
        world.run()
    assert world.written == []


def test_an_update_that_never_reached_the_service_leaves_the_stack_file_as_it_was(world: World) -> None:
    world.engine_is_broken = True
    with pytest.raises(DriverError, match="before it reached the service"):
        world.run()
    assert world.file.value(("services", "mnist", "canary")) is None


def test_an_engine_that_fails_while_users_wait_is_tried_again_and_then_said(world: World) -> None:
    killed_at(world, 50)
    world.engine_is_broken = True
    with pytest.raises(DriverError, match="users may still get"):
        world.rollout().back("a person asked for it")
    world.engine_is_broken = False
    assert world.rollout().back("again").outcome == ROLLED_BACK


@pytest.mark.parametrize("questions", [1, 2, 5, 20])
def test_a_cluster_that_is_silent_for_a_while_does_not_stop_the_way_back(world: World, questions: int) -> None:
    killed_at(world, 50)
    world.silent_for = questions
    done = world.rollout(Pace(interval=6, tick=2, settle=6, persist=600)).back("a person asked for it")
    assert done.outcome == ROLLED_BACK
    assert world.written[-3:] == [DARK, REMOVED, STABLE]


def test_nor_the_judgement_of_a_step(world: World) -> None:
    watched = world.watch

    def silent(step: Step, sides: Sides) -> AbstractContextManager[FakeWatch]:
        world.silent_for = 2
        return watched(step, sides)

    world.watch = silent  # type: ignore[assignment, method-assign]
    assert world.run().outcome == PROMOTED


def test_a_canary_that_somebody_dropped_by_hand_is_taken_back_by_the_long_way(world: World) -> None:
    killed_at(world, 50)
    world.file.write({("services", "mnist", "canary"): None})
    world.written.clear()
    world.rollout().back("a person asked for it")
    assert world.written == [DARK, REMOVED, STABLE]


def test_a_version_before_stable_that_comes_back_to_users_ends_the_rollout(tmp_path: Path) -> None:
    """KServe takes it where it sees the split before the candidate's revision (PropagateStatus); seen as kserve#2130."""
    world = World(tmp_path)
    for model in (C, A):
        world.kserve.apply(Wanted(Version(model, "server:1")))
        world.kserve.settle()

    def forget() -> None:
        world.kserve.rolled_out, world.then = world.kserve.previous, lambda: None

    world.then = forget
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert f"{A} on server:1 gets 0 % of the requests" in done.going_back
    assert share_of(world.kserve.users(), A) == 100


def test_a_decision_to_go_back_outlives_a_kill_even_if_the_candidate_recovers(world: World) -> None:
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
