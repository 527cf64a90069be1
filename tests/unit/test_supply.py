"""The needs of an `up` before anything is made: one list with a command for each thing, a warning in a preview and a refusal in an `up`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.artifacts import Image
from components.lock import Lock, Locked
from stacks import supply
from stacks.config import parse
from stacks.supply import ADVISED, NEEDED
from tests import stack_files
from tests.stack_files import MNIST, SMOLLM

PIN = Image(repository="ghcr.io/a/b", tag="1")
DIGESTS = "  digests of 1 artifacts in components/artifacts.lock.json (ghcr.io/a/b:1): `make lock`"
SERVER = (
    f"  image of {MNIST}'s server: `docker build --push --target serving --tag <reference> models/{MNIST}`, "
    f"then `pulumi config set --path inference-platform:images.{MNIST}.server <reference>`"
)
WEIGHTS = (
    f"  weights of {MNIST}, unless the store has them: `make publish FILE=<file> TO=s3://models/mnist/mnist_cnn_single_gpu.pt`, "
    f"or `pulumi config set --path inference-platform:images.{MNIST}.weights <reference>` for an image that an `up` publishes"
)


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    monkeypatch.setattr(supply, "PINS", {"PIN": PIN})
    monkeypatch.setattr(supply, "committed", Lock)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    return said


@pytest.fixture
def up(warned: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The same, but no preview."""
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    return warned


@pytest.fixture
def locked(warned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - after what it replaces
    known = Lock(artifacts={PIN.address: Locked(digest="sha256:" + "a" * 64, source="a test")})
    monkeypatch.setattr(supply, "committed", lambda: known)


def check(stack: str = "prod", **values: Any) -> None:  # noqa: ANN401 - any configuration
    supply.check(parse(values, stack))


def test_a_preview_of_a_clean_clone_is_one_list_with_the_command_for_each(warned: list[str]) -> None:
    check(**stack_files.committed("prod"))
    assert [line for said in warned for line in said.splitlines()] == [NEEDED, SERVER, DIGESTS, ADVISED, WEIGHTS]
    warned.clear()
    check("dev", **stack_files.committed("dev"))
    assert [line for said in warned for line in said.splitlines()] == [NEEDED, SERVER, ADVISED, WEIGHTS, DIGESTS]


def test_an_up_of_a_clean_clone_is_refused_with_what_it_cannot_do_without(up: list[str]) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        check(**stack_files.committed("prod"))
    assert str(refused.value).splitlines() == [NEEDED, SERVER, DIGESTS]
    assert up == []


def test_an_up_without_an_image_is_refused_whatever_is_said_of_digests(up: list[str]) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        check("dev", **stack_files.committed("dev"))
    assert str(refused.value).splitlines() == [NEEDED, SERVER]
    assert up == []


def test_an_up_that_lacks_digests_alone_is_refused_where_they_are_required(up: list[str]) -> None:
    check("dev", **stack_files.dev())
    assert up == [f"{ADVISED}\n{DIGESTS}"]
    with pytest.raises(pulumi.RunError) as refused:
        check(**stack_files.prod())
    assert str(refused.value).splitlines() == [NEEDED, DIGESTS]


@pytest.mark.usefixtures("locked")
def test_nothing_is_said_when_nothing_is_missing(up: list[str]) -> None:
    check(**stack_files.prod())
    check("local", **stack_files.local())
    assert up == []


def test_nothing_is_said_of_digests_that_are_dropped(up: list[str]) -> None:
    check("local", **stack_files.local(mirror={"digests": "drop"}))
    assert up == []


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize(
    ("dockerfile", "command"),
    [
        (None, "name it in models.other.server.image, or give models/other/Dockerfile a stage `serving` that builds it"),
        ("FROM a AS weights\n", "name it in models.other.server.image, or give models/other/Dockerfile a stage `serving` that builds it"),
        ("FROM a AS serving\n", "`docker build --push --target serving --tag <reference> models/other`, then "),
    ],
)
def test_a_command_builds_only_a_stage_that_the_dockerfile_has(
    warned: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dockerfile: str | None, command: str
) -> None:
    monkeypatch.setattr(supply, "FOLDERS", tmp_path)
    if dockerfile:
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "Dockerfile").write_text(dockerfile)
    other = {"server": {"kind": "pytorch"}, "source": "s3://models/other/a.pt", "scaling": {"metric": "cpu"}}
    check("dev", **stack_files.dev(models={"other": other}))
    assert f"{NEEDED}\n  image of other's server: {command}" in warned[0]


@pytest.mark.usefixtures("locked")
def test_files_of_every_version_and_only_of_the_store_are_asked_for(warned: list[str]) -> None:
    versions = [
        {"name": "v1", "source": "hf://acme/one", "weight": 80},
        {"name": "v2", "source": "s3://models/llm/two", "weight": 10},
        {"name": "v3", "source": "s3://models/llm/three", "weight": 10},
    ]
    llm = {**stack_files.committed("prod")["models"][SMOLLM], "replicas": {"min": 1, "max": 1}, "source": None, "versions": versions}
    check(**stack_files.prod(models={"llm": llm}))
    assert warned == [
        f"{ADVISED}\n  weights of llm, unless the store has them: `make publish FILE=<file> TO=s3://models/llm/two` "
        "and `make publish FILE=<file> TO=s3://models/llm/three`"
    ]


@pytest.mark.parametrize("models", [{}, None, ""])
def test_a_stack_without_models_is_told_so_and_needs_no_image(warned: list[str], models: object) -> None:
    """Left out, empty, or with every entry commented out: YAML reads the last as null, and Pulumi hands over an empty text."""
    check(**stack_files.prod(models=models))
    check(**{key: value for key, value in stack_files.prod().items() if key != "models"})
    none = "  no model is configured: write one below inference-platform:models (README.md)"
    assert warned == [f"{NEEDED}\n{DIGESTS}\n{ADVISED}\n{none}"] * 2


def test_an_up_without_models_goes_on(up: list[str]) -> None:
    check("local", **stack_files.local(models={}, mirror={"digests": "drop"}))
    assert len(up) == 1
