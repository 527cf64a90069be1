"""The driver where a rollout never begins, or where nothing may be written: nothing is left behind that hinders the next command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.errors import DriverError
from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK
from scripts.mlops.delivery.plan import Named
from scripts.mlops.delivery.ports import UpFailedError
from scripts.mlops.delivery.rehearsal import rehearse
from tests.unit.mlops.fake_platform import World
from tests.unit.mlops.fake_ports import PERCENTS, A, B, C, Platform, at, killed_at
from tests.unit.mlops.fake_versions import VersionsWorld


@pytest.fixture(params=[World, VersionsWorld])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Platform:
    made: Platform = request.param(tmp_path)
    return made


@pytest.mark.parametrize("source", ["foo", "s3://models/mnist/second"])
def test_nothing_is_left_of_a_candidate_that_the_program_refuses(world: Platform, source: str) -> None:
    with pytest.raises(DriverError, match=rf'versions.*"{source}" is'):
        world.run(source)
    assert world.written == []
    assert not world.journal.exists()
    assert world.run().outcome == PROMOTED


def test_a_cluster_that_does_not_answer_at_first_leaves_no_journal(world: Platform) -> None:
    world.silent_for = 1
    with pytest.raises(DriverError, match="does not answer"):
        world.run()
    assert not world.journal.exists()
    assert world.written == []


def test_a_rollout_of_which_nothing_was_carried_out_is_dropped_without_the_cluster(world: Platform) -> None:
    journals.save(world.journal, journals.Journal(Named(A, name="v1", short=True), Named("foo")))
    world.silent_for, world.engine_is_broken = 1000, True
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.written == []
    with pytest.raises(DriverError, match="nothing to roll back"):
        world.rollout().back("a person asked for it")


def test_a_rollout_of_which_nothing_was_carried_out_gives_way_to_another(world: Platform) -> None:
    world.engine_is_broken = True
    with pytest.raises(DriverError, match="before it reached the model"):
        world.run(C)
    world.engine_is_broken = False
    world.written.clear()
    assert world.run().outcome == PROMOTED
    assert world.written[0] == at(0)


def test_a_dry_run_says_why_the_preview_failed(world: Platform) -> None:
    class Previewer:
        def preview(self, text: str, folder: Path) -> str:
            raise UpFailedError(f"{len(text)} characters in {folder.name} are too many")

    with pytest.raises(DriverError, match=r"the preview of the first step failed: .* too many"):
        rehearse(world.rollout(), Previewer(), Named(B), PERCENTS)


def test_a_way_back_writes_no_stack_file_that_the_program_refuses(world: Platform) -> None:
    killed_at(world, 50)
    rollout = world.rollout()
    content = json.loads(world.file.path.read_text())
    content["config"]["inference-platform:models"][world.name]["server"] = {"kind": "mistyped"}
    text = json.dumps(content)
    world.file.path.write_text(text)
    with pytest.raises(DriverError, match="mistyped"):
        rollout.back("a person asked for it")
    assert world.file.path.read_text() == text
