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
    for name, stages in {"digits": ("serving", "weights"), "words": ("making", "weights"), "not-served": ("serving",)}.items():
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "Dockerfile").write_text("".join(f"FROM scratch AS {stage}\n" for stage in stages))
    models = "inference-platform:models: {digits: {}, words: {}, without-a-folder: {}}"
    (tmp_path / "Pulumi.local.yaml").write_text(f"config:\n  inference-platform:kserve: {{replicas: 1}}\n  {models}\n")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(kind, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["kind", "platform"])
    return tmp_path / "called"


def test_what_is_loaded_is_what_the_stack_runs(called: Path) -> None:
    assert kind.main() == 0
    config = yaml.safe_load((called.parent / "Pulumi.local.yaml").read_text())["config"]
    assert config["inference-platform:images"] == {
        "digits": {"server": "kind.local/digits-serving:checkout", "weights": "kind.local/digits-weights:checkout"},
        "words": {"weights": "kind.local/words-weights:checkout"},
    }
    assert called.read_text().splitlines() == [
        "docker build --target serving --tag kind.local/digits-serving:checkout models/digits",
        "kind load docker-image kind.local/digits-serving:checkout --name platform",
        "docker build --target weights --tag kind.local/digits-weights:checkout models/digits",
        "kind load docker-image kind.local/digits-weights:checkout --name platform",
        "docker build --target weights --tag kind.local/words-weights:checkout models/words",
        "kind load docker-image kind.local/words-weights:checkout --name platform",
    ]
    assert config["inference-platform:kserve"] == {"replicas": 1}


def test_a_failed_build_names_no_image(called: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (called.parent / "docker").write_text("#!/bin/sh\nexit 3\n")
    assert kind.main() == 1
    assert "ended with exit status 3" in capsys.readouterr().err
    assert "images" not in (called.parent / "Pulumi.local.yaml").read_text()
