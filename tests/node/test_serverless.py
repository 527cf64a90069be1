"""MNIST in Knative mode on the real node: how it gets there, how its requests are split, and what a crash costs its users.

After tests/node/test_local_platform.py. It takes minutes each (make acceptance): the figures stand in docs/measurements.md.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.node import cgroups
from scripts.mlops.load.measurement import Measurement, percentile
from scripts.mlops.load.probe import probe, start_probe
from scripts.mlops.load.running import Running
from scripts.mlops.reach import Endpoint
from tests import asked, nodes
from tests.node import model_store, platform
from tests.waiting import wait_for

pytestmark = [pytest.mark.node, pytest.mark.acceptance]

MODEL = "s3://models/mnist/mnist_cnn_single_gpu.pt"
CANDIDATE = "s3://models/mnist/candidate.pt"
PREDICTOR = "mnist-classifier-predictor"
USERS_PER_SECOND = 50.0
SECONDS_TO_OBEY = 5
"""From a rollback's writing on, the candidate may get requests for this long."""
SECONDS_TO_RECOVER = 30
SECONDS_TO_SCALE = 20


@contextmanager
def users(to: Endpoint, rate: float = USERS_PER_SECOND, patience: float = 10.0) -> Iterator[Running]:
    """Requests at random moments, each sent once and waited for so many seconds, until the block ends."""
    load = start_probe(to.url, to.host, asked.digit, asked.mnist.check, rate, 600, timeout=patience)
    try:
        wait_for(lambda: len(load.samples) >= rate, patience + 20, "the load to be under way")
        yield load
    finally:
        load.stop()
        load.wait()


def entry(**keys: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """Changes of the model's entry in the stack file, for `platform.apply`."""
    return {f"models__mnist-classifier__{key}": value for key, value in keys.items()}


def canary(percent: int, source: str = CANDIDATE) -> platform.Done:
    """`pulumi up` with a candidate beside the committed version; `source=MODEL` with percent 0: with stable in the candidate's place."""
    versions = [
        {"name": "v1", "source": MODEL, "weight": 100 - percent},
        {"name": "v2", "source": source, "weight": percent},
    ]
    return platform.apply(**entry(source=None, versions=versions))


def succeeded(done: platform.Done) -> None:
    assert done.status == 0, done.output[-3000:]


def status() -> dict[str, Any]:
    """The predictor's status in KServe: which revision is ready, rolled out, and how requests are split."""
    return dict(platform.kubectl.json("get", "inferenceservice", "mnist-classifier")["status"]["components"]["predictor"])


def shares(measured: Measurement) -> dict[str, float]:
    """Percent of the requests by the revision that answered."""
    return {version: 100 * len(part.samples) / len(measured.samples) for version, part in measured.by_version().items()}


def test_a_hundred_requests_a_second_are_answered_in_time(mnist: Endpoint) -> None:
    """In steady state: scaling up is judged apart."""
    measured = probe(mnist.url, mnist.host, asked.digit, asked.mnist.check, 100, SECONDS_TO_SCALE + 40)
    assert not measured.failures
    steady = percentile(measured.since(SECONDS_TO_SCALE).latencies, 95)
    print(f"100 requests/s: P95 {1000 * steady:.1f} ms from second {SECONDS_TO_SCALE} on, {len(measured.samples)} requests")
    assert steady < 0.1


def test_the_move_from_standard_mode_replaces_the_service(mnist: Endpoint) -> None:
    """KServe refuses a change of the mode, so the object goes first. Back and forth, with the program that users have."""
    predictor = ("get", "deployment,services.serving.knative.dev", "--namespace", "default", "--output", "name")
    succeeded(platform.apply(**entry(scaling={"metric": "cpu", "target": 80})))
    assert platform.kubectl(*predictor).split() == [f"deployment.apps/{PREDICTOR}"]
    assert platform.answers(platform.endpoint())
    succeeded(platform.apply())
    assert f"service.serving.knative.dev/{PREDICTOR}" in platform.kubectl(*predictor).split()
    assert f"deployment.apps/{PREDICTOR}" not in platform.kubectl(*predictor).split()
    assert platform.answers(mnist)


@pytest.mark.parametrize("percent", [10, 50])
def test_a_canary_gets_its_share_of_five_thousand_requests(mnist: Endpoint, percent: int) -> None:
    if percent == 10:
        model_store.publish_other_model("mnist/candidate.pt")
    succeeded(canary(percent))
    candidate = status()["latestReadyRevision"]
    with users(mnist, rate=100) as load:
        wait_for(lambda: len(load.samples) >= 5000, 120, "5,000 requests")
    measured = load.result()
    print(f"{percent} %: {shares(measured)} of {len(measured.samples)}, failed {measured.failures}")
    assert measured.failures == {}
    assert abs(shares(measured)[candidate] - percent) <= 2


def test_a_rollback_loses_no_request_and_the_candidate_gets_none_from_then_on(mnist: Endpoint) -> None:
    """From the 50 % that the test before left: the two steps, then no canary."""
    candidate = status()["latestReadyRevision"]
    with users(mnist) as load:
        succeeded(canary(0))
        wait_for(lambda: split_to(candidate) == 0, 30, "the split to be 0 %")
        written = last_due(load)
        succeeded(canary(0, source=MODEL))
        succeeded(platform.apply())
    measured = load.result()
    late = [s for s in measured.samples if s.version == candidate and s.due > written + SECONDS_TO_OBEY]
    print(f"rollback: {len(late)} late requests to the candidate, failed {measured.failures} of {len(measured.samples)}")
    assert measured.failures == {}
    assert late == []


def split_to(revision: str) -> int:
    return sum(target.get("percent") or 0 for target in status()["traffic"] if target["revisionName"] == revision)


def last_due(load: Running) -> float:
    return max(sample.due for sample in load.samples)


def test_a_promotion_starts_no_pod_and_loses_no_request(mnist: Endpoint) -> None:
    succeeded(canary(50))
    candidate = status()["latestReadyRevision"]
    with users(mnist) as load:
        succeeded(platform.apply(**entry(source=CANDIDATE)))
        assert status()["latestReadyRevision"] == candidate
        assert split_to(candidate) == 100
        succeeded(platform.apply())
    measured = load.result()
    print(f"promotion, and a new version at once after it: failed {measured.failures} of {len(measured.samples)}")
    assert measured.failures == {}


@pytest.mark.parametrize(
    ("program", "percent"),
    [
        ("/ko-app/autoscaler", 1),
        # One activator, through which every request goes: what comes in the second that it is away is lost. Prod has two.
        ("/ko-app/activator", 3),
        ("/ko-app/queue", 1),
        ("/manager", 1),
        ("kubelet", 1),
    ],
    ids=["autoscaler", "activator", "queue-proxy", "KServe controller", "kubelet"],
)
def test_a_killed_part_costs_users_little_and_comes_back(mnist: Endpoint, program: str, percent: int) -> None:
    with users(mnist) as load:
        at = last_due(load)
        for pid in processes(program):
            os.kill(pid, signal.SIGKILL)
        if program == "kubelet":
            mended = nodes.bench(platform.INSTANCE, "up")
            assert mended.returncode == 0, mended.stdout
        wait_for(lambda: last_due(load) > at + 2 * SECONDS_TO_RECOVER, 120, "a minute of requests")
    measured = load.result()
    failed = [sample for sample in measured.samples if sample.failure]
    until = max((sample.due - at for sample in failed), default=0.0)
    share = 100 * len(failed) / len(measured.samples)
    print(f"kill -9 of {program}: {share:.2f} % of {len(measured.samples)} failed, the last {until:.1f} s after it; {measured.failures}")
    assert until <= SECONDS_TO_RECOVER
    assert share <= percent


def processes(program: str) -> list[int]:
    """This node's processes that run the program."""
    found = [pid for pid in cgroups.members(platform.INSTANCE) if words(pid)[:1] and words(pid)[0].endswith(program)]
    assert found, f"{program} does not run"
    return found


def words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []


def test_no_replica_without_requests_and_one_for_the_next(mnist: Endpoint) -> None:
    succeeded(platform.apply(**entry(scaling__scaleToZero=True, scaling__windowSeconds=20)))
    pods = ("get", "pods", "--selector", "serving.kserve.io/inferenceservice=mnist-classifier", "--output", "name")
    wait_for(lambda: not platform.kubectl(*pods).split(), 180, "no pod to be left")
    with users(mnist, rate=1, patience=120) as load:
        load.stop()
    measured = load.result()
    print(f"cold start: {measured.samples[0].seconds:.2f} s")
    assert measured.failures == {}
    succeeded(platform.apply())
