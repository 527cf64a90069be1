"""Rollouts of any entry of a stack file, in both modes: the short form and lists, custom images, overlays, two models of one stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK
from scripts.mlops.delivery.plan import Named
from scripts.mlops.delivery.rehearsal import rehearse
from tests.unit.mlops.fake_platform import World
from tests.unit.mlops.fake_ports import BAD, PERCENTS, A, B, C, Platform, at, entry, killed_at, shares, turns
from tests.unit.mlops.fake_versions import VersionsWorld

CUSTOM: dict[str, Any] = {"name": "fraud", "server": {"kind": "custom", "image": "server:1"}}


@pytest.fixture(params=[World, VersionsWorld])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Platform:
    return request.param(tmp_path)  # type: ignore[no-any-return]


@pytest.mark.parametrize("made", [World, VersionsWorld])
@pytest.mark.parametrize("given", [[entry("v1", A, 100)], [entry("v7", A, 100)]])
def test_a_file_with_a_list_keeps_its_list(made: type[Platform], given: list[dict[str, Any]], tmp_path: Path) -> None:
    world = made(tmp_path, given=given)
    text = world.file.path.read_text()
    assert world.run().outcome == PROMOTED
    after = f"v{int(given[0]['name'][1:]) + 1}"
    assert world.written[0] == [*given, entry(after, B, 0)]
    assert world.written[-1] == [entry(after, B, 100)]
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.noted() == given
    assert world.file.parsed(world.file.path.read_text()) == world.file.parsed(text)


@pytest.mark.parametrize("source", [A, None])
@pytest.mark.parametrize("made", [World, VersionsWorld])
def test_a_custom_model_is_rolled_out_and_back_by_its_server_alone(made: type[Platform], source: str | None, tmp_path: Path) -> None:
    world = made(tmp_path, **CUSTOM, given=source)
    known = world.rollout()
    assert known.run(Named(known.stable.source, "server:2"), PERCENTS).outcome == PROMOTED
    assert world.written[0] == [entry("v1", source, 100), entry("v2", source, 0, image="server:2")]
    assert world.written[-1] == [entry("v2", source, 100, image="server:2")]
    version = " on ".join(part for part in (source, "server:2") if part)
    assert world.users() == {version: 100}
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.noted() == source
    assert version not in world.users()


@pytest.mark.parametrize("made", [World, VersionsWorld])
def test_a_custom_model_that_turns_bad_is_taken_back(made: type[Platform], tmp_path: Path) -> None:
    world = made(tmp_path, **CUSTOM)
    turns(world, "10 %", BAD["errors"])
    assert world.run().outcome == ROLLED_BACK
    assert world.noted() == A
    assert max(shares(world, B)) == 50


def test_two_models_of_one_stack_do_not_know_each_other_s_rollouts(tmp_path: Path) -> None:
    """Each has a journal of its own (session.py names it by the model), and edits only its own entry."""
    folders = [tmp_path / name for name in ("digits", "fraud")]
    for folder in folders:
        folder.mkdir()
    digits, fraud = World(folders[0]), VersionsWorld(folders[1], **CUSTOM)
    config = {"config": {"inference-platform:models": {"digits": digits.entry(), "fraud": fraud.entry()}}}
    digits.file.path.write_text(json.dumps(config))
    fraud.file.path = digits.file.path
    killed_at(digits, 50)
    assert fraud.run(C).outcome == PROMOTED
    assert digits.noted() == at(50)
    assert digits.run().outcome == PROMOTED
    assert (digits.noted(), fraud.noted()) == (B, [entry("v2", C, 100)])


def test_what_the_machine_brings_is_rolled_out_beside_and_not_written_when_it_is_back(world: Platform, tmp_path: Path) -> None:
    forms: list[dict[str, Any]] = [{"source": A}, {"versions": [entry("v1", A, 100)]}]
    for number, form in enumerate(forms):
        folder = tmp_path / str(number)
        folder.mkdir()
        below = {"models": {"digits": {"server": world.server, "scaling": world.scaling, **form}}}
        other = type(world)(folder, {B: BAD["slow"]}, below=below, given=None)
        other.has({})
        text = other.file.path.read_text()
        assert other.run().outcome == ROLLED_BACK
        assert other.written[0] == at(0)
        assert other.written[-1] is None
        assert other.file.parsed(other.file.path.read_text()) == other.file.parsed(text)
        other.behaviours.clear()
        assert other.run().outcome == PROMOTED
        assert other.written[-1] == (B if other.mode == "Knative" and "source" in form else [entry("v2", B, 100)])


def test_a_model_whose_overlay_names_its_image_alone_leaves_no_trace_when_it_is_back(tmp_path: Path) -> None:
    below = {"models": {"fraud": {"server": CUSTOM["server"], "scaling": World.scaling}}}
    world = World(tmp_path, **CUSTOM, below=below, given=None)
    world.has({})
    text = world.file.path.read_text()
    rollout = world.rollout()
    assert rollout.run(Named(rollout.stable.source, "server:2"), PERCENTS).outcome == PROMOTED
    assert world.noted() == [entry("v2", None, 100, image="server:2")]
    assert world.rollout().back("a person asked for it").outcome == ROLLED_BACK
    assert world.file.parsed(world.file.path.read_text()) == world.file.parsed(text)


def test_a_dry_run_says_every_step_and_changes_nothing(world: Platform) -> None:
    class Previewer:
        def preview(self, text: str, folder: Path) -> str:
            return f"of {json.loads(text)['config']['inference-platform:models']['digits']['versions']}" if folder.is_dir() else ""

    said = rehearse(world.rollout(), Previewer(), Named(B), (10, 100))
    assert [line.split()[0] for line in said.splitlines()[1:5]] == ["dark", "10", str(world.last), "promote"]
    assert f"models.digits.versions: [{{name: v1, source: {A}, weight: 90}}, {{name: v2, source: {B}, weight: 10}}]" in said
    assert said.endswith(f"of {at(0)}")
    assert (world.written, world.ups, world.journal.exists()) == ([], [], False)  # type: ignore[attr-defined]
