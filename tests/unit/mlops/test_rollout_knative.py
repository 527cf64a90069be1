"""The driver in Knative mode: what depends on KServe's memory of the version that had all requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import DriverError
from scripts.live_rules import Wanted
from scripts.live_state import Content
from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK
from scripts.mlops.delivery.plan import Named
from scripts.mlops.delivery.rehearsal import rehearse
from tests.unit.mlops.fake_platform import World
from tests.unit.mlops.fake_ports import A, B, Behaviour, C, at, entry, killed_at, share_of, shares

WAY_BACK = [at(0), [entry("v1", A, 100), entry("v2", A, 0)], A]


@pytest.fixture(params=["checked", "slow"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A cluster that has done what it was told when an update ends, and one that has not even begun."""
    return World(tmp_path, is_slow=request.param == "slow")


def test_the_promotion_makes_no_revision(world: World) -> None:
    assert world.run().outcome == PROMOTED
    assert [revision.content.source for revision in world.kserve.revisions] == [A, B]


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
    # The promoted file has B as v1; in Knative mode names are nothing but names.
    assert world.written[-3:] == [
        [entry("v2", A, 100), entry("v1", B, 0)],
        [entry("v2", A, 100), entry("v1", A, 0)],
        A,
    ]
    given = shares(world, B)
    after = given[len(given) - given[::-1].index(100) :]
    assert after
    assert set(after) == {0}, "once it was taken back it does not return"


@pytest.mark.parametrize(("stable", "second"), [("v1", "v2"), ("v2", "v1")])
def test_a_way_back_goes_on_at_stable_s_second_start(tmp_path: Path, stable: str, second: str) -> None:
    """The file is recognised as the step that wrote it, with any names: the candidate is not described once more."""
    world = World(tmp_path)
    killed_at(world, 50)
    world.file.write({("models", "digits", "versions"): [entry(stable, A, 100), entry(second, B, 0)]})
    world.up()
    world.file.write({("models", "digits", "versions"): [entry(stable, A, 100), entry(second, A, 0)]})
    world.written.clear()
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.written == [A]


def test_a_server_is_promoted_as_a_version_s_image_and_taken_back_as_one(world: World) -> None:
    assert world.run(A, "server:2").outcome == PROMOTED
    assert world.written[0] == [entry("v1", A, 100), entry("v2", A, 0, image="server:2")]
    assert world.written[-1] == [entry("v2", A, 100, image="server:2")]
    assert [revision.content.image for revision in world.kserve.revisions] == ["server:1", "server:2"]
    world.rollout().back("a person asked for it")
    assert world.written[-1] == A


def test_more_candidates_beside_one_stable_version_come_one_after_the_other(world: World) -> None:
    assert [world.run(source).outcome for source in (B, C, A)] == [PROMOTED, PROMOTED, PROMOTED]
    assert world.noted() == A
    assert share_of(world.users(), A) == 100


def test_a_change_that_the_live_state_forbids_is_not_written(world: World) -> None:
    world.kserve.mode = "Standard"
    with pytest.raises(DriverError, match="Standard mode"):
        world.run()
    assert world.written == []


def test_a_dry_run_says_why_the_rollout_would_be_refused(world: World) -> None:
    class Previewer:
        def preview(self, text: str, folder: Path) -> str:
            raise AssertionError(f"{text} is previewed in {folder}")

    world.kserve.mode = "Standard"
    said = rehearse(world.rollout(), Previewer(), Named(B), (10, 100))
    assert "the first step is refused" in said
    assert "models.digits.versions: the model runs in Standard mode" in said


def test_a_candidate_that_a_person_dropped_by_hand_is_taken_back_by_the_long_way(world: World) -> None:
    killed_at(world, 50)
    world.file.write({("models", "digits", "versions"): None, ("models", "digits", "source"): A})
    world.written.clear()
    world.rollout().back("a person asked for it")
    assert world.written == WAY_BACK


def test_a_version_before_stable_that_comes_back_to_users_ends_the_rollout(tmp_path: Path) -> None:
    """KServe takes it where it sees the split before the candidate's revision (PropagateStatus); seen as kserve#2130."""
    world = World(tmp_path)
    for source in (C, A):
        world.kserve.apply(Wanted(Content(source, "server:1")))
        world.kserve.settle()

    def forget() -> None:
        world.kserve.rolled_out, world.then = world.kserve.previous, lambda: None

    world.then = forget
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert f"{A} on server:1 gets 0 % of the requests" in done.going_back
    assert share_of(world.kserve.users(), A) == 100
