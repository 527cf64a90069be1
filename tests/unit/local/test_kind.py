"""The weekly workflow's images: built, loaded, and named in the stack file; against programs that keep what they were called with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from scripts.local import kind

KEEP = '#!/bin/sh\necho "$(basename "$0") $*" >> "$(dirname "$0")/called"\n'


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("docker", "kind"):
        (tmp_path / name).write_text(KEEP)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "Pulumi.local.yaml").write_text("config:\n  inference-platform:kserve: {replicas: 1}\n")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(kind, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["kind", "platform"])
    return tmp_path / "called"


def test_what_is_loaded_is_what_the_stack_runs(called: Path) -> None:
    assert kind.main() == 0
    config = yaml.safe_load((called.parent / "Pulumi.local.yaml").read_text())["config"]
    names = config["inference-platform:images"]
    assert called.read_text().splitlines() == [
        f"docker build --target serving --tag {names['mnist']} images/mnist",
        f"kind load docker-image {names['mnist']} --name platform",
        f"docker build --target weights --tag {names['mnistWeights']} images/mnist",
        f"kind load docker-image {names['mnistWeights']} --name platform",
    ]
    assert config["inference-platform:kserve"] == {"replicas": 1}


def test_a_failed_build_names_no_image(called: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (called.parent / "docker").write_text("#!/bin/sh\nexit 3\n")
    assert kind.main() == 1
    assert "ended with exit status 3" in capsys.readouterr().err
    assert "images" not in (called.parent / "Pulumi.local.yaml").read_text()
