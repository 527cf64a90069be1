"""Which of its tools the bench offers: what a person has installed always wins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench import environment
from bench.environment import PATHS, PLUGINS, missing_clients, missing_providers, own_path, path_entries

PULUMI = ["pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-analyzer-policy-python"]
OURS = [*PULUMI, "helm", "kubectl"]


def install(folder: Path, *names: str) -> str:
    """A folder with executables, for a PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch(mode=0o755)
    return str(folder)


def test_a_machine_with_nothing_gets_everything(tmp_path: Path) -> None:
    assert missing_clients(str(tmp_path)) == OURS
    assert missing_providers(str(tmp_path), tmp_path) == ["kubernetes", "aws", "random"]


def test_a_persons_own_pulumi_keeps_our_language_host_away(tmp_path: Path) -> None:
    assert missing_clients(install(tmp_path, "pulumi")) == ["helm", "kubectl"]


def test_a_persons_own_kubectl_and_helm_win(tmp_path: Path) -> None:
    assert missing_clients(install(tmp_path, "kubectl", "helm")) == PULUMI


def test_an_installed_official_plugin_keeps_ours_away(tmp_path: Path) -> None:
    (tmp_path / "home" / "plugins" / "resource-kubernetes-v4.34.2").mkdir(parents=True)
    (tmp_path / "home" / "plugins" / "resource-aws-v7.51.1").mkdir()
    assert missing_providers(str(tmp_path), tmp_path / "home") == ["random"]


def test_a_provider_with_a_longer_name_keeps_none_away(tmp_path: Path) -> None:
    (tmp_path / "plugins" / "resource-aws-native-v1.0.0").mkdir(parents=True)
    assert "aws" in missing_providers("", tmp_path)


def test_a_download_that_was_cut_short_is_no_plugin(tmp_path: Path) -> None:
    install(tmp_path / "plugins", "resource-kubernetes-v4.34.2.lock")
    assert "kubernetes" in missing_providers("", tmp_path)


def test_a_plugin_on_the_path_keeps_ours_away(tmp_path: Path) -> None:
    assert missing_providers(install(tmp_path / "bin", "pulumi-resource-random"), tmp_path) == ["kubernetes", "aws"]


def test_what_an_earlier_call_put_on_the_path_is_not_the_persons() -> None:
    path = os.pathsep.join([str(PATHS / "0123"), str(PLUGINS / "random"), "/usr/bin"])
    assert own_path(path) == "/usr/bin"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tool of the bench, as an empty file."""
    (tmp_path / "bin").mkdir()

    def binary(name: str) -> Path:
        (tmp_path / "bin" / name).touch()
        return tmp_path / "bin" / name

    monkeypatch.setattr(environment, "binary", binary)
    monkeypatch.setattr(environment, "PATHS", tmp_path / "path")


@pytest.mark.usefixtures("built")
def test_the_official_plugin_is_among_the_tools_and_only_the_others_are_stand_ins(tmp_path: Path) -> None:
    tools, *stand_ins = path_entries("", tmp_path)
    assert sorted(path.name for path in Path(tools).iterdir()) == sorted([*OURS, "pulumi-resource-kubernetes"])
    assert stand_ins == [str(PLUGINS / "aws"), str(PLUGINS / "random")]


@pytest.mark.usefixtures("built")
def test_a_person_who_lacks_only_the_plugin_gets_only_that(tmp_path: Path) -> None:
    install(tmp_path / "own", "pulumi", "helm", "kubectl", "pulumi-resource-aws", "pulumi-resource-random")
    (tools,) = path_entries(str(tmp_path / "own"), tmp_path)
    assert [path.name for path in Path(tools).iterdir()] == ["pulumi-resource-kubernetes"]
