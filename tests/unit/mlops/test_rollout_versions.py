"""The driver on weighted versions: what it writes, in which order, whom users get meanwhile, and what a kill leaves; no pod restarts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.errors import DriverError
from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK
from scripts.mlops.delivery.plan import Named
from scripts.mlops.delivery.rehearsal import rehearse
from scripts.mlops.delivery.weighted_versions import VERSIONS
from tests.unit.mlops.fake_ports import BAD, Behaviour, killed_at
from tests.unit.mlops.fake_versions import NOBODY, A, B, C, VersionsWorld, entry, shares

STABLE = [entry("v1", A, 100)]
REASON = {
    "errors": "requests failed",
    "slow": "more than 1.5 times as much",
    "does not start": "is not ready",
    "does not answer": "does not answer",
    "crashes": "crashed 1 times",
    "is never asked": "nothing can be said of it: only 0 to the candidate",
}


def at(percent: int) -> list[dict[str, Any]]:
    return [entry("v1", A, 100 - percent), entry("v2", B, percent)]


@pytest.fixture
def world(tmp_path: Path) -> VersionsWorld:
    return VersionsWorld(tmp_path)


def test_a_good_candidate_goes_through_every_weight_and_stable_stays_until_it_is_promoted(world: VersionsWorld) -> None:
    done = world.run()
    assert done.outcome == PROMOTED
    assert world.written == [at(0), at(10), at(50), at(100), [entry("v2", B, 100)]]
    assert [step.name for step in done.steps] == ["dark", "10 %", "50 %", "100 %", "promote"]
    assert done.steps[3].windows.stable.requests >= 20, "also at the last percentage there is somebody to compare with"
    assert world.kserve.users() == {B: 100}
    assert world.kserve.started == ["v1", "v2"], "no pod starts for a share"
    assert max(shares(world, NOBODY)) == 0


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_candidate_is_found_in_the_dark_and_no_user_gets_it(world: VersionsWorld, kind: str) -> None:
    world.behaviours[B] = BAD[kind]
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert REASON[kind] in done.going_back
    assert world.written == [at(0), STABLE]
    assert set(shares(world, A)) == {100}
    assert [only for only, _ in world.ups] == [None, None], "the route is right as it is: nothing is hurried"
    assert world.kserve.started == ["v1", "v2"]


@pytest.mark.parametrize("kind", ["errors", "slow", "crashes"])
@pytest.mark.parametrize("percent", [10, 50, 100])
def test_one_that_turns_bad_later_is_taken_back_by_the_route_alone(world: VersionsWorld, kind: str, percent: int) -> None:
    settle, steps = world.settle, {10: 1, 50: 2, 100: 3}[percent]

    def turn(judged: journals.Judged) -> None:
        settle(judged)
        if len(world.shown) == steps:
            world.behaviours[B] = BAD[kind]

    world.settle = turn  # type: ignore[method-assign]
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert world.written[-3:] == [at(percent), at(0), STABLE]
    (hurried, _), (whole, _) = world.ups[-2:]
    assert hurried == "**kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::smollm-text-generation"
    assert whole is None
    assert done.written_seconds is not None
    assert done.obeyed_seconds is not None
    assert done.written_seconds <= done.obeyed_seconds
    assert world.kserve.started == ["v1", "v2"], "a rollback starts no pod"
    assert max(shares(world, B)) == percent
    assert max(shares(world, NOBODY)) == 0


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


def test_a_promotion_is_taken_back_when_stable_has_started_again(world: VersionsWorld) -> None:
    world.run()
    world.written.clear()
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.written == [
        [entry("v2", B, 100), entry("v1", A, 0)],
        [entry("v2", B, 0), entry("v1", A, 100)],
        STABLE,
    ]
    assert world.kserve.started == ["v1", "v2", "v1"]
    assert max(shares(world, NOBODY)) == 0


def test_so_is_one_whose_update_failed_half_way(world: VersionsWorld) -> None:
    settle = world.settle

    def turn(judged: journals.Judged) -> None:
        settle(judged)
        if judged.name == "100 %":
            world.then = fail

    def fail() -> None:
        world.behaviours[B], world.then = Behaviour(answers=False), recover

    def recover() -> None:
        world.behaviours[B] = Behaviour()

    world.settle = turn  # type: ignore[method-assign]
    say = world.say

    def told(text: str) -> None:
        say(text)
        world.behaviours[B] = Behaviour()

    world.say = told  # type: ignore[method-assign]
    done = world.run()
    assert done.outcome == ROLLED_BACK
    assert "does not answer through the route" in done.going_back
    assert world.written[-1] == STABLE
    assert world.kserve.started == ["v1", "v2"], "stable had not been removed yet"
    assert max(shares(world, NOBODY)) == 0


def test_what_the_machine_brings_is_rolled_out_beside_and_not_written_when_it_is_back(tmp_path: Path) -> None:
    overlay = {"services": {"smollm": {"versions": STABLE}}}
    world = VersionsWorld(tmp_path, below=overlay, stack=None, behaviours={B: BAD["slow"]})
    before = world.file.path.read_text()
    assert world.run().outcome == ROLLED_BACK
    assert world.written == [at(0), None]
    assert world.file.path.read_text() == before
    world.behaviours.clear()
    assert world.run().outcome == PROMOTED
    assert world.written[-1] == [entry("v2", B, 100)]


def test_a_server_is_a_version_too_and_names_are_not_used_twice(tmp_path: Path) -> None:
    world = VersionsWorld(tmp_path, stack=[entry("v7", A, 100)])
    assert world.run(A, "vllm.example/vllm:2").outcome == PROMOTED
    assert world.written[0] == [entry("v7", A, 100), entry("v8", A, 0, image="vllm.example/vllm:2")]
    assert world.run(B).outcome == PROMOTED
    assert world.written[-1] == [entry("v9", B, 100)]


def test_a_shadow_is_left_where_it_is(tmp_path: Path) -> None:
    shadowed = [entry("v1", A, 100), entry("dark", C, 0)]
    world = VersionsWorld(tmp_path, stack=shadowed, more={"shadow": {"version": "dark", "percent": 50}})
    with pytest.raises(DriverError, match="an experiment or a shadow has"):
        world.run(C)
    assert world.run(B).outcome == PROMOTED
    assert world.written[0] == [*shadowed, entry("v2", B, 0)]
    assert world.written[-1] == [entry("dark", C, 0), entry("v2", B, 100)]
    assert world.kserve.started == ["v1", "dark", "v2"]


def test_more_than_two_versions_are_nobodys_rollout(tmp_path: Path) -> None:
    world = VersionsWorld(tmp_path, stack=[entry("v1", A, 50), entry("v2", B, 30), entry("v3", C, 20)])
    with pytest.raises(DriverError, match="wants one version, or stable and then its candidate"):
        world.run("s3://models/smollm/d")
    assert world.written == []


def test_a_stack_without_the_service_has_nothing_to_roll_out_beside(tmp_path: Path) -> None:
    world = VersionsWorld(tmp_path)
    world.has({"inference-platform:services": {}})
    with pytest.raises(DriverError, match=r"has no services\.smollm"):
        world.run()


def test_a_candidate_beside_a_first_deployment_is_refused(world: VersionsWorld) -> None:
    world.kserve.parts.clear()
    with pytest.raises(DriverError, match="v1 does not run yet; deploy it alone"):
        world.run()
    assert world.written == []


def test_an_update_that_never_reached_the_service_leaves_the_stack_file_as_it_was(world: VersionsWorld) -> None:
    world.engine_is_broken = True
    with pytest.raises(DriverError, match="before it reached the service"):
        world.run()
    assert world.file.value(VERSIONS) == STABLE
    world.engine_is_broken = False
    world.settle = lambda judged: setattr(world, "engine_is_broken", judged.name == "dark")  # type: ignore[method-assign]
    with pytest.raises(DriverError, match="before it reached the service"):
        world.run()
    assert world.file.value(VERSIONS) == at(0), "a good candidate is not taken back for it"
    world.engine_is_broken = False
    assert world.run().outcome == PROMOTED


@pytest.mark.parametrize("questions", [1, 2, 5, 20])
def test_a_cluster_that_is_silent_for_a_while_does_not_stop_the_way_back(world: VersionsWorld, questions: int) -> None:
    killed_at(world, 50)
    world.silent_for = questions
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.written[-2:] == [at(0), STABLE]


def test_a_second_candidate_is_refused_while_one_stands(world: VersionsWorld) -> None:
    killed_at(world, 50)
    with pytest.raises(DriverError, match=f"a rollout of {B} is under way"):
        world.run(C)
    world.journal.unlink()
    with pytest.raises(DriverError, match=f"the candidate {B} stands at 50 %"):
        world.run(C)


def test_without_a_journal_it_goes_on_at_the_weight_of_the_stack_file(world: VersionsWorld) -> None:
    killed_at(world, 50)
    world.journal.unlink()
    world.written.clear()
    assert world.run().outcome == PROMOTED
    assert world.written == [at(100), [entry("v2", B, 100)]]


def test_a_dry_run_says_every_step_and_changes_nothing(world: VersionsWorld) -> None:
    class Previewer:
        def preview(self, text: str, folder: Path) -> str:
            return "of a new InferenceService" if "v2" in text and folder.is_dir() else "of nothing"

    said = rehearse(world.rollout(), Previewer(), Named(B), (10, 100))
    assert [line.split()[0] for line in said.splitlines()[1:5]] == ["dark", "10", "100", "promote"]
    assert f"{{name: v1, model: {A}, weight: 90}}, {{name: v2, model: {B}, weight: 10}}" in said
    assert said.endswith("of a new InferenceService")
    assert (world.written, world.ups, world.journal.exists()) == ([], [], False)
