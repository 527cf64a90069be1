"""The tools that are built for a preview: only those that a machine lacks, and their own build tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import clients
from bench.environment import CLIENTS, PROVIDERS


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tools that would be built or fetched, in order; the builds themselves take half an hour."""
    names: list[str] = []
    monkeypatch.setattr("bench.clients.build.ensure", names.extend)
    monkeypatch.setattr("bench.clients.mirror.ensure", lambda artifacts: names.extend({artifact.kind for artifact in artifacts}))
    monkeypatch.setattr("bench.clients.aws_models.ensure", lambda: names.append("service models"))
    return names


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with every command and every provider, as a person installs them."""
    for name in CLIENTS:
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    for name in PROVIDERS:
        (tmp_path / f"plugins/resource-{name}-v1.0.0").mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("machine")
def test_nothing_is_built_for_a_person_who_has_everything(made: list[str]) -> None:
    clients.ensure()
    assert made == []


def test_a_missing_command_is_built_and_what_makes_manifests(machine: Path, made: list[str]) -> None:
    (machine / "pulumi").unlink()
    clients.ensure()
    assert made == ["pulumi", "pulumi-language-python", "kubernetes", "manifest", "service models"]


def test_a_missing_kubernetes_plugin_is_built(machine: Path, made: list[str]) -> None:
    (machine / "plugins/resource-kubernetes-v1.0.0").rmdir()
    clients.ensure()
    assert made == ["pulumi-resource-kubernetes", "kubernetes", "manifest", "service models"]


def test_a_missing_stand_in_needs_no_command(machine: Path, made: list[str]) -> None:
    (machine / "plugins/resource-aws-v1.0.0").rmdir()
    clients.ensure()
    assert made == ["kubernetes", "manifest", "service models"]
