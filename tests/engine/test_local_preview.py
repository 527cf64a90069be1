"""`make preview` of the local stack on the real engine and a running API server: the pack runs, and refuses nothing.

The images are named and not built: a preview pulls none.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.local import cluster as clusters
from scripts.local.preview import preview
from tests import nodes
from tests.stack_files import IMAGES

pytestmark = pytest.mark.engine


@pytest.fixture
def said(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> str:
    """The driver's output for a stack that does not exist yet, on the cluster of the engine tests."""
    for name in nodes.OF_A_USER:
        monkeypatch.delenv(name, raising=False)
    for name in ("PATH", "KUBECONFIG", "BENCH_INSTANCE"):
        if name in environment:
            monkeypatch.setenv(name, environment[name])
    if "BENCH_INSTANCE" in environment:  # then KUBECONFIG is the bench's own, and its driver says more than that
        monkeypatch.delenv("KUBECONFIG")
    found = replace(clusters.running(), state=tmp_path / "state")
    monkeypatch.setattr(clusters, "running", lambda: found)
    monkeypatch.setattr("scripts.local.workspace.build_images", lambda _cluster, _names, _named: dict(IMAGES))
    monkeypatch.setattr("scripts.preview.run.comment_file", lambda stack: tmp_path / f"preview-{stack}.md")
    preview([])
    return capfd.readouterr().out


def test_the_pack_refuses_nothing_of_local(said: str) -> None:
    summary = said[said.rindex("local: ") :]
    assert "to create, 0 unchanged" in summary.splitlines()[0]
    assert "policies: 0 mandatory violations, 0 advisory" in summary
    assert "platform KServe" in summary
    assert "USD per month" not in summary
