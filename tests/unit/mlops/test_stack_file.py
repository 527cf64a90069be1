"""A rollout's edits of the committed stack files: the keys it is about, and not a byte more."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
import yaml

from scripts.errors import DriverError
from scripts.mlops.delivery.stack_file import Edits, StackFile
from scripts.stack_configuration import configuration
from tests.stack_files import MNIST, SMOLLM
from tests.unit.mlops.fake_ports import A, B, at, entry

ROOT = Path(__file__).parents[3]
SOURCE = ("models", MNIST, "source")
VERSIONS = ("models", MNIST, "versions")
LISTED = ("models", SMOLLM, "versions")
NEW = {"name": "v2", "source": "s3://models/smollm/b", "weight": 0}


@pytest.fixture(params=["local", "dev", "prod"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> StackFile:
    path = tmp_path / f"Pulumi.{request.param}.yaml"
    path.write_text((ROOT / path.name).read_text())
    return StackFile(path)


def changed(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


def beside(source: str, percent: int) -> Edits:
    return {SOURCE: None, VERSIONS: [entry("v1", source, 100 - percent), entry("v2", B, percent)]}


def test_a_candidate_changes_one_line_and_its_removal_leaves_the_file_as_it_was(file: StackFile) -> None:
    before, stable = file.path.read_text(), file.value(SOURCE)
    for percent in (10, 50):
        file.write(beside(stable, percent))
        both = f"[{{name: v1, source: {stable}, weight: {100 - percent}}}, {{name: v2, source: {B}, weight: {percent}}}]"
        assert changed(before, file.path.read_text()) == [f"-      source: {stable}", f"+      versions: {both}"]
    file.write({SOURCE: stable, VERSIONS: None})
    assert file.path.read_text() == before


def test_behind_a_symbolic_link_the_target_changes(file: StackFile, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = file.path.rename(tmp_path / "elsewhere" / "ours.yaml")
    file.path.symlink_to(Path("elsewhere") / target.name)
    edits = beside(file.value(SOURCE), 10)
    file.write(edits)
    assert file.path.is_symlink()
    assert StackFile(target).value(VERSIONS) == file.value(VERSIONS) == edits[VERSIONS]
    assert [left.name for left in target.parent.iterdir()] == [target.name]


def test_a_promotion_changes_the_source_alone(file: StackFile) -> None:
    before, stable = file.path.read_text(), file.value(SOURCE)
    file.write(beside(stable, 99))
    file.write({SOURCE: B, VERSIONS: None})
    assert changed(before, file.path.read_text()) == [f"-      source: {stable}", f"+      source: {B}"]


def test_a_key_gets_a_section_where_there_is_none_and_leaves_none(file: StackFile) -> None:
    before = file.path.read_text()
    key = ("models", "new", "source")
    file.write({key: B})
    assert changed(before, file.path.read_text()) == ["+    new:", f"+      source: {B}"]
    file.write({key: None})
    assert file.path.read_text() == before


@pytest.mark.parametrize(
    "text",
    [
        " {source: '%s', replicas: {min: 1, max: 3}} # ours",
        '\n      # the first one\n      source: "%s" # kept\n      # of the next\n      replicas: {min: 1}\n',
        "\n      replicas: {min: 1}\n\n      source: %s\n",
    ],
)
def test_other_spellings_of_a_model_come_back_as_they_were(tmp_path: Path, text: str) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    before = f"# a comment\nconfig:\n  inference-platform:models:\n    {MNIST}:{text % A}\n# the end\n"
    file.path.write_text(before)
    file.write(beside(A, 0))
    after = file.path.read_text()
    assert yaml.safe_load(after)["config"]["inference-platform:models"][MNIST]["versions"] == at(0)
    lines = [line.split("#")[-1] for line in before.splitlines() if "#" in line]
    assert [line.split("#")[-1] for line in after.splitlines() if "#" in line] == lines
    file.write({SOURCE: A, VERSIONS: None})
    assert file.path.read_text() == before


def test_versions_are_listed_in_place(tmp_path: Path) -> None:
    file = StackFile(tmp_path / "Pulumi.prod.yaml")
    old = [{"name": "v1", "source": "s3://models/smollm/a", "weight": 100}]
    line = "      versions: [{name: v1, source: s3://models/smollm/a, weight: 100}] # ours"
    file.path.write_text(f"config:\n  inference-platform:models:\n    {SMOLLM}:\n{line}\n      replicas: {{min: 1}}\n")
    before = file.path.read_text()
    file.write({LISTED: [*old, NEW]})
    added = "{name: v2, source: s3://models/smollm/b, weight: 0}"
    assert changed(before, file.path.read_text()) == [f"-{line}", f"+{line.replace(']', f', {added}]')}"]
    file.write({LISTED: old})
    assert file.path.read_text() == before


def test_what_is_said_of_a_version_stays_with_it(tmp_path: Path) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    lines = ["# ours", "- name: v1  # the first", "  source: s3://models/smollm/a", "  weight: 100"]
    file.path.write_text(
        "config:\n  inference-platform:models:\n    smollm-text-generation:\n      versions:\n" + "".join(f"        {x}\n" for x in lines)
    )
    before = file.path.read_text()
    first = {"name": "v1", "source": "s3://models/smollm/a", "weight": 90}
    file.write({LISTED: [first, {**NEW, "weight": 10}]})
    assert changed(before, file.path.read_text()) == [
        "-          weight: 100",
        "+          weight: 90",
        "+        - {name: v2, source: s3://models/smollm/b, weight: 10}",
    ]
    file.write({LISTED: [{**NEW, "weight": 100}]})
    assert file.value(LISTED) == [{**NEW, "weight": 100}]


def test_a_list_gets_a_section_where_there_is_none_and_leaves_none(tmp_path: Path) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    file.path.write_text((ROOT / "Pulumi.local.yaml").read_text())
    before = file.path.read_text()
    file.write({LISTED: [NEW]})
    assert file.value(LISTED) == [NEW]
    assert any("versions: [{name: v2, source: s3://models/smollm/b, weight: 0}]" in line for line in changed(before, file.path.read_text()))
    file.write({LISTED: None})
    assert file.path.read_text() == before


def test_an_order_that_changes_is_written(tmp_path: Path) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    file.path.write_text(f"config:\n  inference-platform:models:\n    {SMOLLM}:\n      versions:\n        - {{name: v1, weight: 100}}\n")
    file.write({LISTED: [{"name": "v2", "weight": 100}, {"name": "v1", "weight": 0}]})
    assert file.value(LISTED) == [{"name": "v2", "weight": 100}, {"name": "v1", "weight": 0}]


def test_what_it_has_is_told_by_values(file: StackFile) -> None:
    stable = file.value(SOURCE)
    edits = beside(stable, 0)
    assert not file.has(edits)
    file.write(edits)
    assert file.has(edits)
    assert not file.has({VERSIONS: None})
    assert not file.has(beside(stable, 10))


def test_its_sections_are_those_of_the_program(file: StackFile) -> None:
    sections = file.sections(beside(file.value(SOURCE), 10))
    assert sections["models"][MNIST]["versions"][1]["weight"] == 10
    assert not any(key.startswith(("pulumi", "inference-platform")) for key in sections)
    assert file.value(VERSIONS) is None, "asking changes nothing"


def test_encrypted_values_are_no_mistakes() -> None:
    kubeconfig = {"secure": "v1:of:the-state"}
    images = {MNIST: {"server": "mnist:1"}}
    config = configuration("local", {"cluster": {"kind": "existing", "kubeconfig": kubeconfig}, "images": images})
    assert config.images[MNIST].server == "mnist:1"
    assert config.cluster.kind == "existing"


@pytest.mark.parametrize(
    "models",
    [
        "b: &b {server: {kind: custom}, source: s3://models/x}\n    a: *b",
        "b: &b {server: {kind: custom}, source: s3://models/x}\n    a: {<<: *b, replicas: {min: 1}}",
    ],
)
def test_yaml_that_two_models_share_is_refused_and_left_alone(tmp_path: Path, models: str) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    file.path.write_text(f"config:\n  inference-platform:models:\n    {models}\n")
    before = file.path.read_text()
    versions = [{"name": "v1", "source": "s3://models/x", "weight": 100}]
    with pytest.raises(DriverError, match="anchor"):
        file.write({("models", "a", "source"): None, ("models", "a", "versions"): versions})
    assert file.path.read_text() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"^Pulumi\.local\.yaml: it has no keys below config:$"),
        ("config:\n", r"^Pulumi\.local\.yaml: it has no keys below config:$"),
        ("config: {a: [1\n", r"^Pulumi\.local\.yaml: it is not valid YAML: "),
        (
            "config:\n  inference-platform:models:\n    a: {source: x}\n    a: {source: y}\n",
            r"^Pulumi\.local\.yaml: it is not valid YAML: line 4 has the key a, which line 3 has already",
        ),
    ],
)
def test_a_file_that_takes_no_change_is_named_with_its_own_defect(tmp_path: Path, text: str, said: str) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    file.path.write_text(text)
    with pytest.raises(DriverError, match=said) as caught:
        file.sections({("models", "a", "source"): "s3://models/x"})
    assert "anchor" not in str(caught.value)
    assert file.path.read_text() == text


@pytest.mark.parametrize("text", ["", "config: {a: [1\n"])
def test_a_value_is_not_read_from_a_file_without_keys(tmp_path: Path, text: str) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    file.path.write_text(text)
    with pytest.raises(DriverError, match=r"^Pulumi\.local\.yaml"):
        file.value(("models", "a", "source"))


def test_an_empty_models_section_takes_a_model(tmp_path: Path) -> None:
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    file.path.write_text("config:\n  inference-platform:models:\n")
    file.write({("models", "a", "source"): "s3://models/x"})
    assert file.value(("models", "a", "source")) == "s3://models/x"
