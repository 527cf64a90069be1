"""SmolLM by vLLM on the real node: its answers, its replicas under load and without Prometheus, and pods that get no GPU.

It takes minutes each (make acceptance): the figures stand in docs/measurements.md. Two versions: tests/node/test_smollm_versions.py.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from bench.extras import PROMETHEUS_URL
from scripts.errors import DriverError
from scripts.mlops.llm_figures import SECONDS_BETWEEN_SCRAPES
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.replicas import watched
from scripts.mlops.load.running import Running
from scripts.mlops.openai_requests import Completion
from scripts.mlops.prometheus import connected
from scripts.mlops.reach import Endpoint
from tests.node import platform, smollm
from tests.node.smollm import V1, V2
from tests.node.test_known_names import inside, started
from tests.stack_files import SMOLLM
from tests.waiting import wait_for

pytestmark = [pytest.mark.node, pytest.mark.acceptance]

CLIENTS = 160
"""vLLM works on 128 requests at a time on a CPU (vllm-project/vllm:vllm/engine/arg_utils.py@v0.32.0): the others wait in its queue."""

QUEUE_DEPTH = 4
SCALING = {"queueDepth": QUEUE_DEPTH, "p95Seconds": 60}
"""The queue is to decide: so high a latency shows later than a queue does."""

OF_V1 = f'{{namespace="{smollm.NAMESPACE}",pod=~"{V1}-predictor-.*"}}'
QUEUE = f"sum(vllm:num_requests_waiting{OF_V1})"
"""The metric that KEDA asks for (components/serving/vllm.py, load_triggers)."""

BLIND_SECONDS = 150
"""Ten looks of the HorizontalPodAutoscaler: without a fallback it would take the idle second replica away at the first."""


@pytest.fixture(scope="module")
def served(up: platform.Done) -> Endpoint:
    smollm.succeeded(up)
    return smollm.brought_up()


@contextmanager
def users(to: Endpoint) -> Iterator[Running]:
    """A request of one token each second, at random moments, until the block ends; every one must be answered."""
    load = smollm.whole(to, Plan(rate=1))
    with smollm.beside(load):
        smollm.more(load, 3)
        yield load
    measured = load.result()
    print(f"users: failed {measured.failures} of {len(measured.samples)}, the slowest in {measured.latencies[-1]:.1f} s")
    assert measured.failures == {}


def test_it_answers_whole_and_streamed_through_the_gateway(served: Endpoint) -> None:
    measured = smollm.whole(served, Plan(requests=5, clients=1)).result()
    assert measured.failures == {}
    assert set(measured.by_version()) == {V1}
    measured = smollm.streamed(served, Plan(requests=5, clients=2), tokens=16).result()
    assert measured.failures == {}
    assert set(measured.by_version()) == {V1}
    answers = [sample.detail for sample in measured.samples]
    # Sixteen tokens in one piece would not be a stream.
    assert all(isinstance(answer, Completion) and len(answer.gaps) > 1 for answer in answers)


@pytest.mark.usefixtures("served")
def test_the_commands_that_people_know_work_as_written() -> None:
    waited = platform.kubectl("wait", "--for=condition=Ready", f"inferenceservice/{SMOLLM}", "--timeout=60s")
    assert "condition met" in waited
    pods = platform.kubectl("get", "pods", "--selector", f"serving.kserve.io/inferenceservice={SMOLLM}", "--output", "name").split()
    assert pods, "the label finds no pod"
    assert all(pod.startswith(f"pod/{SMOLLM}-predictor") for pod in pods)
    assert f"keda-hpa-{SMOLLM}-predictor" in platform.kubectl("get", "hpa")
    load = ("scripts/mlops/load_test_smollm.py", "--cpu", "--requests", "10", "--clients", "2", "--max-tokens", "4", "--timeout", "600")
    # Through the gateway, from this machine; the same from a pod of plain Python.
    done = platform.run(sys.executable, *load, environment=platform.shell())
    assert done.status == 0, done.output
    started("plain-python-for-smollm")
    inside_pod = inside("plain-python-for-smollm", "sh", "-c", f"cd /tmp && python3 {' '.join(load)}")
    platform.kubectl("delete", "pod", "plain-python-for-smollm", "--wait=false")
    assert inside_pod.returncode == 0, inside_pod.stdout.decode()


@pytest.mark.usefixtures("served")
def test_up_again_changes_nothing() -> None:
    again = platform.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert again.status == 0, again.output


def test_a_replica_that_gets_no_gpu_leaves_the_first_one_alone(served: Endpoint) -> None:
    """Neither when it is added, nor in a rolling update: the new pod waits, the old one goes on."""
    smollm.alone(gpus=1)
    before = smollm.restarts(V1)
    (first,) = before
    with users(served) as load:
        smollm.deploy(replicas={"min": 2, "max": 2})
        wait_for(lambda: smollm.unplaced(V1), 120, "the second replica to wait for a GPU")
        smollm.more(load, 20)
        smollm.deploy(replicas={"min": 2, "max": 2}, resources__requests__memory="3585Mi")
        wait_for(lambda: updated_of(first), 120, "the updated replica to wait for a GPU")
        smollm.more(load, 20)
        smollm.deploy(replicas=smollm.ONE_REPLICA)
        wait_for(lambda: smollm.restarts(V1) == before, 120, "only the first replica to be left")
        smollm.more(load, 20)


def updated_of(first: str) -> list[str]:
    """The pods of another template than the first one's that wait for a GPU."""
    return [pod for pod in smollm.unplaced(V1) if smollm.replica_set(pod) != smollm.replica_set(first)]


def test_a_version_that_gets_no_gpu_never_gets_a_request(served: Endpoint) -> None:
    """The deployment fails and says so; everybody stays with the version that there is."""
    smollm.alone(gpus=1)
    before = smollm.restarts(V1)
    with users(served) as load:
        failed = smollm.applied(versions=smollm.versions(50, 50), replicas=smollm.ONE_REPLICA, readyWithinSeconds=60)
        assert failed.status != 0
        assert smollm.unplaced(V2)
        smollm.more(load, 20)
        smollm.deploy(replicas=smollm.ONE_REPLICA)
        smollm.more(load, 10)
    assert set(load.result().by_version()) == {V1}
    assert smollm.restarts(V1) == before


def test_keda_adds_a_replica_under_load_and_takes_it_away_once(served: Endpoint) -> None:
    smollm.alone(gpus=2, scaling=SCALING, replicas={"min": 1, "max": 2})
    with watched(smollm.NAMESPACE, [V1], platform.shell()) as watch:
        crowd = smollm.streamed(served, Plan(clients=CLIENTS), tokens=16)
        with smollm.beside(crowd):
            wait_for(lambda: watch.now.ready == 2, 600, "a second replica to be ready")
        with users(served):
            wait_for(lambda: watch.now.total == 1, 900, "the second replica to be taken away")
    waiting = seen_by_prometheus(watch.changes[0].at)
    measured = crowd.result()
    print(f"crowd: {len(measured.samples)} answers, {measured.per_second:.2f}/s, failed {measured.failures}")
    assert measured.failures == {}
    assert [total for total, _ in itertools.groupby(change.total for change in watch.changes)] == [1, 2, 1]
    assert max(waiting) > QUEUE_DEPTH
    assert waiting[-1] == 0


def seen_by_prometheus(began: float) -> list[float]:
    """How long the queue was, from then until now; also printed."""
    with connected(PROMETHEUS_URL, platform.shell()) as prometheus:
        history = prometheus.history(QUEUE, began, time.time(), SECONDS_BETWEEN_SCRAPES)
    print("waiting requests:", ", ".join(f"{waiting:g} at {at - began:.0f} s" for at, waiting in history))
    return [waiting for _, waiting in history]


def test_without_prometheus_the_fallback_holds_the_replicas(served: Endpoint) -> None:
    """Two, both idle, of at least one: the metrics would take one of them away."""
    smollm.claim_gpus(2)
    smollm.deploy(scaling=SCALING, replicas={"min": 2, "max": 2})
    with watched(smollm.NAMESPACE, [V1], platform.shell()) as watch, users(served) as load:
        wait_for(lambda: watch.now.ready == 2, 400, "two replicas to be ready")
        both_ready = watch.now.at
        with no_prometheus():
            wait_for(falls_back, 300, "KEDA to fall back")
            smollm.deploy(scaling=SCALING)
            wait_for(falls_back, 300, "KEDA to fall back, with one replica allowed")
            began = time.time()
            wait_for(lambda: load.started + load.samples[-1].due > began + BLIND_SECONDS, BLIND_SECONDS + 120, "users to go on")
            assert falls_back()
            held = {change.total for change in watch.changes if change.at > both_ready}
            assert held <= {2}
            assert watch.now.total == 2
        wait_for(lambda: queue() is not None, 180, "Prometheus to know the queue again")
        wait_for(lambda: not falls_back(), 300, "KEDA to see metrics again")
    smollm.deploy(replicas=smollm.ONE_REPLICA)


def queue() -> float | None:
    """None as long as Prometheus does not answer, or knows no queue yet."""
    with suppress(DriverError), connected(PROMETHEUS_URL, platform.shell()) as prometheus:
        return prometheus.value(QUEUE)
    return None


def falls_back() -> bool:
    found = platform.kubectl.json("get", "scaledobject", f"{V1}-predictor", "--namespace", smollm.NAMESPACE)
    return any(condition["type"] == "Fallback" and condition["status"] == "True" for condition in found["status"].get("conditions", []))


@contextmanager
def no_prometheus() -> Iterator[None]:
    """Its operator goes first and comes last, or it would interfere."""
    monitoring = {
        "deployment/prometheus-operator": "app.kubernetes.io/name=prometheus-operator",
        "statefulset/prometheus-bench": "operator.prometheus.io/name=bench",
    }
    try:
        for owner, selector in monitoring.items():
            _monitoring("scale", owner, "--replicas=0")
            _gone(selector)
        yield
    finally:
        for owner in reversed(monitoring):
            _monitoring("scale", owner, "--replicas=1")
            _monitoring("rollout", "status", owner, "--timeout=110s")


def _gone(selector: str) -> None:
    wait_for(lambda: not _monitoring("get", "pods", "--selector", selector, "--output", "name"), 120, f"no pod of {selector} to be left")


def _monitoring(*words: str) -> str:
    return platform.kubectl(*words, "--namespace", "monitoring")
