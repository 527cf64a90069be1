"""`make rollout` on the real node, beside users: a good candidate, and every kind of bad one. From a checkout of its own, which it edits.

The driver's own cases, kills at every moment among them: tests/unit/mlops/test_rollout.py. What takes minutes has the marker `acceptance`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.mlops.load.measurement import UNKNOWN, Measurement, Sample
from scripts.mlops.load.probe import start_probe
from scripts.mlops.load.running import Running
from scripts.mlops.reach import Endpoint
from tests import asked, nodes
from tests.node import model_store, platform

pytestmark = [pytest.mark.node, pytest.mark.acceptance]

NAME = "mnist-classifier"
NAMED = ["--model-name", NAME]
MODEL = "s3://models/mnist/mnist_cnn_single_gpu.pt"
CANDIDATE = "s3://models/mnist/rollout_candidate.pt"
USERS_PER_SECOND = 20.0
PROMOTED, ROLLED_BACK = 0, 1
INTERVAL, MIN_REQUESTS = 20, 60
SECONDS_TO_OBEY = 5
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", ".*_cache", ".hypothesis")


@dataclass(frozen=True)
class Rolled:
    """What became of a rollout, and what users got meanwhile."""

    status: int
    report: dict[str, Any]
    users: Measurement

    @property
    def candidate(self) -> list[Sample]:
        """The requests that it answered. Knative numbers revisions: the one after stable's; what starts after it is stable anew."""
        _, revision, *_ = (version for version in self.users.by_version() if version != UNKNOWN)
        return [sample for sample in self.users.samples if sample.version == revision]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a person's own: a rollout edits the stack file."""
    folder = tmp_path_factory.mktemp("checkouts") / "checkout"
    shutil.copytree(nodes.ROOT, folder, ignore=NOT_COPIED, symlinks=True)
    (folder / ".venv").symlink_to(nodes.ROOT / ".venv")
    return folder


@contextmanager
def users(to: Endpoint) -> Iterator[Running]:
    load = start_probe(to.url, to.host, asked.digit, asked.mnist.check, USERS_PER_SECOND, 3600)
    try:
        yield load
    finally:
        load.stop()
        load.wait()


def rollout(checkout: Path, to: Endpoint, *words: str) -> Rolled:
    report = checkout / "report.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "scripts.mlops.rollout", "--stack", "local", "--json", str(report), *words]
    with users(to) as load:
        done = subprocess.run(command, cwd=checkout, env=nodes.environment(platform.INSTANCE), timeout=1500, check=False)
    found = Rolled(done.returncode, json.loads(report.read_text()), load.result())
    shares = {version: len(part.samples) for version, part in found.users.by_version().items()}
    print(f"{' '.join(words)}: status {found.status}, users {shares}, failed {found.users.failures}")
    print({key: value for key, value in found.report.items() if key.endswith("_seconds") or key == "going_back"})
    return found


def with_gates(source: str, *words: str) -> list[str]:
    """A coarse one on latency: on a busy machine two good versions differ."""
    return [*NAMED, "--source", source, "--interval", str(INTERVAL), "--min-requests", str(MIN_REQUESTS), "--max-p95-ratio", "2.5", *words]


def faulty(fault: str) -> list[str]:
    folder = ["tests/node/faulty_predictor", f"faulty-predictor-{fault}"]
    command = [sys.executable, "-m", "bench", "image", *folder, "--target", fault, "--build-arg", "BASE=bench.local/python:3.11-bookworm"]
    return ["--image", subprocess.run(command, cwd=nodes.ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout.strip()]


def stack_file(checkout: Path) -> str:
    return (checkout / "Pulumi.local.yaml").read_text()


def test_a_missing_model_is_found_with_no_user_hurt(checkout: Path, mnist: Endpoint) -> None:
    before = stack_file(checkout)
    done = rollout(checkout, mnist, *with_gates("s3://models/mnist/absent.pt"))
    assert done.status == ROLLED_BACK
    assert "absent.pt" in done.report["going_back"]
    assert [step["name"] for step in done.report["steps"]] == ["dark"]
    assert done.users.failures == {}
    assert stack_file(checkout) == before


@pytest.mark.parametrize(("fault", "reason"), [("errors", "requests failed"), ("crash", "crashed"), ("slow", "times as much")])
def test_a_candidate_that_turns_bad_is_taken_back(checkout: Path, mnist: Endpoint, fault: str, reason: str) -> None:
    before = stack_file(checkout)
    done = rollout(checkout, mnist, *with_gates(MODEL, *faulty(fault)))
    assert done.status == ROLLED_BACK
    assert reason in done.report["going_back"]
    failed = [sample for sample in done.users.samples if sample.failure]
    first = min(sample.due for sample in done.candidate)
    exposed = [sample for sample in done.users.samples if first <= sample.due <= max(sample.due for sample in done.candidate + failed)]
    assert len(failed) <= 0.12 * len(exposed), "more than the canary's share"
    assert all(sample.due >= first for sample in failed)
    late = [sample for sample in done.candidate if done.users.started + sample.due > done.report["written_at"] + SECONDS_TO_OBEY]
    assert late == []
    assert stack_file(checkout) == before


def test_a_good_candidate_is_promoted_and_taken_back_with_no_request_lost(checkout: Path, mnist: Endpoint) -> None:
    before = stack_file(checkout)
    model_store.publish_other_model("mnist/rollout_candidate.pt")
    done = rollout(checkout, mnist, *with_gates(CANDIDATE, "--max-p95-ratio", "4"))
    assert done.status == PROMOTED
    assert [step["percent"] for step in done.report["steps"]] == [0, 10, 50, 99, 100]
    assert done.users.failures == {}
    assert yaml.safe_load(stack_file(checkout))["config"]["inference-platform:models"][NAME]["source"] == CANDIDATE
    again = rollout(checkout, mnist, *NAMED, "--rollback")
    assert again.users.failures == {}
    assert stack_file(checkout) == before
