"""Pins and the versions of their sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from components import oci
from components.pins import PINS
from scripts.supply import outdated
from scripts.supply.outdated import UnknownSourceError, Watched, lines, newer, released, watched

IMAGE = Watched("docker", "ghcr.io/a/b", "v1.2.3")


@pytest.mark.parametrize(
    ("current", "versions", "later"),
    [
        ("v1.2.3", ["v1.2.3", "v1.10.0", "v1.9.0", "v1.2.2", "latest"], ["v1.9.0", "v1.10.0"]),
        ("v1.2.3", ["v1.3.0-rc.1", "1.4.0", "v1.4.0-alpine", "v1.3"], []),
        ("v3.14.0-distroless", ["v3.15.0", "v3.15.0-distroless"], ["v3.15.0-distroless"]),
        (
            "RELEASE.2026-09-16T00-00-00Z",
            ["RELEASE.2026-10-01T12-00-00Z", "RELEASE.2025-12-31T00-00-00Z"],
            ["RELEASE.2026-10-01T12-00-00Z"],
        ),
        ("4.6.0-4.8.3-distroless", ["4.6.0-4.9.0-distroless", "4.5.9-9.0.0-distroless"], ["4.6.0-4.9.0-distroless"]),
    ],
)
def test_a_newer_version_has_the_same_form(current: str, versions: list[str], later: list[str]) -> None:
    assert newer(current, versions) == later


def test_every_pin_of_the_platform_is_watched_where_its_marker_says() -> None:
    found = watched(outdated.VERSIONS.read_text())
    assert len(found) >= len(PINS)
    assert Watched("docker", "quay.io/jetstack/charts/cert-manager", found[0].version) == found[0]
    assert Watched("github-releases", "knative/serving", "1.21.1") in found
    (gpu,) = [pin for pin in found if pin.name == "gpu-operator"]
    assert (gpu.source, gpu.url) == ("helm", "https://helm.ngc.nvidia.com/nvidia")


def test_a_line_says_how_far_and_what_did_not_answer() -> None:
    def versions(pin: Watched) -> Sequence[str]:
        match pin.name:
            case "dead":
                raise oci.RegistryError("no route to host")
            case "addon":
                raise UnknownSourceError("ask AWS")
        return ["v1.2.3", "v1.3.0", "v1.4.0"]

    pins = [IMAGE, Watched("docker", "new", "v1.4.0"), Watched("docker", "dead", "v1"), Watched("aws-eks-addon", "addon", "v1")]
    assert sorted(lines(pins, versions)) == [
        "ok        new v1.4.0: the newest",
        "outdated  ghcr.io/a/b v1.2.3: 2 releases behind v1.4.0",
        "unknown   addon v1: ask AWS",
        "unknown   dead v1: no route to host",
    ]


def test_the_command_counts_and_fails_only_where_nothing_answered(capsys: pytest.CaptureFixture[str]) -> None:
    def dead(_: Watched) -> Sequence[str]:
        raise OSError("no network")

    assert outdated.main(dead) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith("unknown")
    assert outdated.main(lambda pin: [pin.version]) == 0
    assert " outdated" not in capsys.readouterr().out.splitlines()[-1]


def test_a_helm_repository_and_a_project_on_github_are_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "index.yaml").write_text("entries: {chart: [{version: 1.2.0}, {version: 1.3.0}]}")
    assert released(Watched("helm", "chart", "1.2.0", tmp_path.as_uri())) == ["1.2.0", "1.3.0"]
    latest = tmp_path / "knative/serving/releases/latest"
    latest.parent.mkdir(parents=True)
    latest.write_text("")
    monkeypatch.setattr(outdated, "GITHUB", tmp_path.as_uri())
    assert released(Watched("github-releases", "knative/serving", "1.21.1")) == []
    with pytest.raises(UnknownSourceError, match="describe-addon-versions"):
        released(Watched("aws-eks-addon", "{}", "v1"))
