"""`make rollout` on the real node, beside users: a good candidate, and every kind of bad one. From a checkout of its own, which it edits.

The driver's own cases, kills at every moment among them: tests/unit/mlops/test_rollout.py. Tests of minutes are marked
`acceptance`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from scripts.mlops.load.measurement import UNKNOWN, Sample
from scripts.mlops.reach import Endpoint
from tests import asked
from tests.node import model_store
from tests.node.rollouts import PROMOTED, ROLLED_BACK, Checkout, Rolled, built, rolled

pytestmark = [pytest.mark.node, pytest.mark.acceptance]

NAME = "mnist-classifier"
NAMED = ["--model-name", NAME]
MODEL = "s3://models/mnist/mnist_cnn_single_gpu.pt"
CANDIDATE = "s3://models/mnist/rollout_candidate.pt"
INTERVAL, MIN_REQUESTS = 20, 60
SECONDS_TO_OBEY = 5
FAULTY = Path(__file__).with_name("faulty_predictor")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout.made(tmp_path_factory.mktemp("checkouts"))


def rollout(checkout: Checkout, to: Endpoint, *words: str) -> Rolled:
    return rolled(checkout, to, asked.digit, *words, check=asked.mnist.check)


def candidate(done: Rolled) -> list[Sample]:
    """Return the requests that the candidate answered. Its revision is the one after stable's; the one after that is stable anew."""
    _, revision, *_ = (version for version in done.users.by_version() if version != UNKNOWN)
    return [sample for sample in done.users.samples if sample.version == revision]


def with_gates(source: str, *words: str) -> list[str]:
    """A coarse one on latency: on a busy machine two good versions differ."""
    return [*NAMED, "--source", source, "--interval", str(INTERVAL), "--min-requests", str(MIN_REQUESTS), "--max-p95-ratio", "2.5", *words]


def faulty(fault: str) -> list[str]:
    return ["--image", built(FAULTY, "faulty-predictor", fault)]


def test_a_missing_model_is_found_with_no_user_hurt(checkout: Checkout, mnist: Endpoint) -> None:
    before = checkout.stack_file
    done = rollout(checkout, mnist, *with_gates("s3://models/mnist/absent.pt"))
    assert done.status == ROLLED_BACK
    assert "absent.pt" in done.report["going_back"]
    assert [step["name"] for step in done.report["steps"]] == ["dark"]
    assert done.users.failures == {}
    assert checkout.stack_file == before


@pytest.mark.parametrize(
    ("fault", "reason"), [("errors", "requests failed"), ("crash", "crashed|requests failed"), ("slow", "times as much")]
)
def test_a_candidate_that_turns_bad_is_taken_back(checkout: Checkout, mnist: Endpoint, fault: str, reason: str) -> None:
    before = checkout.stack_file
    done = rollout(checkout, mnist, *with_gates(MODEL, *faulty(fault)))
    assert done.status == ROLLED_BACK
    assert re.search(reason, done.report["going_back"])
    failed = [sample for sample in done.users.samples if sample.failure]
    first = min(sample.due for sample in candidate(done))
    exposed = [sample for sample in done.users.samples if first <= sample.due <= max(sample.due for sample in candidate(done) + failed)]
    assert len(failed) <= 0.12 * len(exposed), "more than the canary's share"
    assert all(sample.due >= first for sample in failed)
    late = [sample for sample in candidate(done) if done.users.started + sample.due > done.report["written_at"] + SECONDS_TO_OBEY]
    assert late == []
    assert checkout.stack_file == before


def test_a_good_candidate_is_promoted_and_taken_back_with_no_request_lost(checkout: Checkout, mnist: Endpoint) -> None:
    before = checkout.stack_file
    model_store.publish_other_model("mnist/rollout_candidate.pt")
    done = rollout(checkout, mnist, *with_gates(CANDIDATE, "--max-p95-ratio", "4"))
    assert done.status == PROMOTED
    assert [step["percent"] for step in done.report["steps"]] == [0, 10, 50, 99, 100]
    assert done.users.failures == {}
    assert yaml.safe_load(checkout.stack_file)["config"]["inference-platform:models"][NAME]["source"] == CANDIDATE
    again = rollout(checkout, mnist, *NAMED, "--rollback")
    assert again.users.failures == {}
    assert checkout.stack_file == before
