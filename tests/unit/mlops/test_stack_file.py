"""A rollout's edits of the committed stack files: the keys it is about, and not a byte more."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
import yaml

from scripts.mlops.delivery.stack_file import Edits, StackFile
from scripts.stack_configuration import configuration
from tests.unit.mlops.fake_platform import A, B

ROOT = Path(__file__).parents[3]
CANARY = ("services", "mnist", "canary")
MODEL = ("services", "mnist", "model")
IMAGE = ("images", "mnist")
VERSIONS = ("services", "smollm", "versions")
NEW = {"name": "v2", "model": "s3://models/smollm/b", "weight": 0}


@pytest.fixture(params=["local", "dev", "prod"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> StackFile:
    path = tmp_path / f"Pulumi.{request.param}.yaml"
    path.write_text((ROOT / path.name).read_text())
    return StackFile(path)


def changed(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


def test_a_canary_is_one_line_and_its_removal_leaves_none(file: StackFile) -> None:
    before = file.path.read_text()
    file.write({CANARY: {"model": B, "percent": 10}})
    assert changed(before, file.path.read_text()) == [f"+      canary: {{model: {B}, percent: 10}}"]
    assert file.value(CANARY) == {"model": B, "percent": 10}
    file.write({CANARY: {"model": B, "percent": 50}})
    assert changed(before, file.path.read_text()) == [f"+      canary: {{model: {B}, percent: 50}}"]
    file.write({CANARY: None})
    assert file.path.read_text() == before


def test_behind_a_symbolic_link_the_target_changes(file: StackFile, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = file.path.rename(tmp_path / "elsewhere" / "ours.yaml")
    file.path.symlink_to(Path("elsewhere") / target.name)
    file.write({CANARY: {"model": B, "percent": 10}})
    assert file.path.is_symlink()
    assert StackFile(target).value(CANARY) == file.value(CANARY) == {"model": B, "percent": 10}
    assert [left.name for left in target.parent.iterdir()] == [target.name]


def test_a_promotion_changes_the_model_and_drops_the_canary_at_once(file: StackFile) -> None:
    before, stable = file.path.read_text(), file.value(MODEL)
    file.write({CANARY: {"model": B, "percent": 100}})
    file.write({MODEL: B, CANARY: None})
    assert changed(before, file.path.read_text()) == [f"-      model: {stable}", f"+      model: {B}"]


def test_an_image_gets_a_section_where_there_is_none_and_leaves_none(file: StackFile) -> None:
    before = file.path.read_text()
    assert file.value(IMAGE) is None
    file.write({IMAGE: "registry.example/mnist:2"})
    assert changed(before, file.path.read_text()) == ["+  inference-platform:images:", "+    mnist: registry.example/mnist:2"]
    file.write({IMAGE: None})
    assert file.path.read_text() == before


@pytest.mark.parametrize("text", ["{model: %s, replicas: {min: 1, max: 3}} # ours", "\n      # the first one\n      model: '%s' # kept\n"])
def test_other_spellings_of_a_service_are_kept_too(tmp_path: Path, text: str) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    before = f"# a comment\nconfig:\n  inference-platform:services:\n    mnist: {text % A}\n# the end\n"
    file.path.write_text(before)
    file.write({CANARY: {"model": B, "percent": 0}})
    after = file.path.read_text()
    assert yaml.safe_load(after)["config"]["inference-platform:services"]["mnist"]["canary"] == {"model": B, "percent": 0}
    assert [
        word for word in ("# a comment", "# the end", "# ours", "# the first one", "# kept") if word in before and word not in after
    ] == []
    assert file.value(MODEL) == A


def test_versions_are_listed_in_place(tmp_path: Path) -> None:
    file = StackFile(tmp_path / "Pulumi.prod.yaml")
    file.path.write_text((ROOT / "Pulumi.prod.yaml").read_text())
    before, stable = file.path.read_text(), file.value(VERSIONS)
    file.write({VERSIONS: [*stable, NEW]})
    added = "{name: v2, model: s3://models/smollm/b, weight: 0}"
    gone, come = changed(before, file.path.read_text())
    assert come[1:] == gone[1:].removesuffix("]") + f", {added}]"
    file.write({VERSIONS: stable})
    assert file.path.read_text() == before


def test_what_is_said_of_a_version_stays_with_it(tmp_path: Path) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    lines = ["# ours", "- name: v1  # the first", "  model: s3://models/smollm/a", "  weight: 100"]
    file.path.write_text(
        "config:\n  inference-platform:services:\n    smollm:\n      versions:\n" + "".join(f"        {x}\n" for x in lines)
    )
    before = file.path.read_text()
    first = {"name": "v1", "model": "s3://models/smollm/a", "weight": 90}
    file.write({VERSIONS: [first, {**NEW, "weight": 10}]})
    assert changed(before, file.path.read_text()) == [
        "-          weight: 100",
        "+          weight: 90",
        "+        - {name: v2, model: s3://models/smollm/b, weight: 10}",
    ]
    file.write({VERSIONS: [{**NEW, "weight": 100}]})
    assert file.value(VERSIONS) == [{**NEW, "weight": 100}]


def test_a_list_gets_a_section_where_there_is_none_and_leaves_none(tmp_path: Path) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    file.path.write_text((ROOT / "Pulumi.local.yaml").read_text())
    before = file.path.read_text()
    file.write({VERSIONS: [NEW]})
    assert file.value(VERSIONS) == [NEW]
    assert any("- {name: v2, model: s3://models/smollm/b, weight: 0}" in line for line in changed(before, file.path.read_text()))
    file.write({VERSIONS: None})
    assert file.path.read_text() == before


def test_what_it_has_is_told_by_values(file: StackFile) -> None:
    edits: Edits = {CANARY: {"percent": 0}}
    assert not file.has(edits)
    file.write(edits)
    assert file.has(edits)
    assert file.has({CANARY: {"percent": 0}, IMAGE: None})
    assert not file.has({CANARY: None})


def test_its_sections_are_those_of_the_program(file: StackFile) -> None:
    sections = file.sections({CANARY: {"model": B, "percent": 10}})
    assert sections["services"]["mnist"]["canary"]["percent"] == 10
    assert not any(key.startswith(("pulumi", "inference-platform")) for key in sections)
    assert file.value(CANARY) is None, "asking changes nothing"


def test_encrypted_values_are_no_mistakes() -> None:
    kubeconfig = {"secure": "v1:of:the-state"}
    config = configuration("local", {"cluster": {"kind": "existing", "kubeconfig": kubeconfig}, "images": {"mnist": "mnist:1"}})
    assert config.images.mnist == "mnist:1"
    assert config.cluster.kind == "existing"
