"""SmolLM on the tests' node: how it is brought up and changed, the loads on it, and its pods' own metrics."""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from components.scheduling import GPU_RESOURCE
from components.serving.servers.server import HTTP_PORT
from components.serving.versions import part_name
from scripts.mlops.llm_load import connect
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Running, start
from scripts.mlops.load.session import posting
from scripts.mlops.openai_requests import PATH, completed
from scripts.mlops.reach import Endpoint, reachable
from tests import nodes
from tests.asked import SMOLLM as SERVICE
from tests.node import platform
from tests.waiting import wait_for

NAMESPACE = "default"
V1, V2 = (part_name(SERVICE, version) for version in ("v1", "v2"))
WEIGHTS = "s3://models/smollm/135m"
ONE_REPLICA = {"min": 1, "max": 1}
PATIENCE = 600.0
"""Seconds without a byte of an answer: on two cores a request may wait long in the queue, and none may be lost there."""

UP_SECONDS = 2400
"""The platform, KEDA, 5.5 GB of image, and the time that the stack gives SmolLM for its first answer."""

ONE_TOKEN = json.dumps({"model": SERVICE, "prompt": "Once upon a time", "max_tokens": 1, "temperature": 0}).encode()


RUNNING = r"vllm:num_requests_running\{"
"""The series of requests that a version works on."""


@functools.cache
def brought_up() -> Endpoint:
    """`make up WITH=smollm-text-generation`, once for all tests; `make down` is the session's."""
    done = platform.run(sys.executable, "-m", "scripts.local", "up", "--with", SERVICE, timeout_seconds=UP_SECONDS)
    succeeded(done)
    print(f"make up WITH=smollm-text-generation: {done.seconds:.0f} s")
    with reachable(f"http://{SERVICE}.{NAMESPACE}.svc.cluster.local{PATH}", platform.shell()) as found:
        return found


def succeeded(done: platform.Done) -> None:
    assert done.status == 0, done.output[-3000:]


def applied(**changes: Any) -> platform.Done:  # noqa: ANN401 - any YAML
    """`pulumi up` with `make up`'s configuration but for these keys of the model's entry. `versions` take the place of `source`."""
    changes = {"source": None, **changes} if "versions" in changes else changes
    return platform.apply_with_smollm(**{f"models__smollm_text_generation__{key}": value for key, value in changes.items()})


def deploy(**changes: Any) -> None:  # noqa: ANN401 - any YAML
    succeeded(applied(**changes))


def alone(gpus: int, **changes: Any) -> None:  # noqa: ANN401 - any YAML
    """One replica of v1, and so many GPUs on the node. First the pods: a GPU that is taken back stays with the pod that has it."""
    deploy(**{"replicas": ONE_REPLICA, **changes})
    wait_for(lambda: len(pods(V1)) == 1 and not pods(V2), 120, "one replica of v1 to be left")
    claim_gpus(gpus)


def claim_gpus(count: int) -> None:
    done = nodes.bench(platform.INSTANCE, "up", "--with", f"gpus={count}")
    assert done.returncode == 0, done.stdout


def versions(v1: int, v2: int) -> list[dict[str, Any]]:
    """Versions with these weights. The second one names the runtime's image again, so that both share the store's only files."""
    runtime = ("get", "servingruntime", f"{SERVICE}-vllm", "--namespace", NAMESPACE)
    image = platform.kubectl(*runtime, "--output", "jsonpath={.spec.containers[0].image}")
    return [
        {"name": "v1", "source": WEIGHTS, "weight": v1},
        {"name": "v2", "source": WEIGHTS, "image": image, "weight": v2},
    ]


def whole(to: Endpoint, plan: Plan) -> Running:
    """Completions of one token."""
    return start(plan, posting(to.url, to.host, [ONE_TOKEN], completed, PATIENCE))


def streamed(to: Endpoint, plan: Plan, tokens: int) -> Running:
    """Completions to prompts of all lengths, token by token."""
    return start(plan, connect(SERVICE, 0, tokens, to, PATIENCE))


@contextmanager
def beside(*loads: Running) -> Iterator[None]:
    """They run as long as the block; their last requests are waited for."""
    try:
        yield
    finally:
        for load in loads:
            load.stop()
        for load in loads:
            assert load.wait(PATIENCE), "the last requests are not answered"


def more(load: Running, requests: int) -> None:
    """Waits until so many more were answered, rightly or not."""
    wanted = len(load.samples) + requests
    wait_for(lambda: len(load.samples) >= wanted, PATIENCE, f"{requests} more requests")


def pods(name: str) -> list[dict[str, Any]]:
    """The pods of one version, without those that are being deleted."""
    selector = f"serving.kserve.io/inferenceservice={name}"
    found = platform.kubectl.json("get", "pods", "--namespace", NAMESPACE, "--selector", selector)["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def restarts(name: str) -> dict[str, int]:
    """Pod → number of its restarts."""
    return {pod["metadata"]["name"]: sum(each["restartCount"] for each in pod["status"].get("containerStatuses", [])) for pod in pods(name)}


def unplaced(name: str) -> list[str]:
    """The pods that wait for a GPU."""
    return [
        pod["metadata"]["name"]
        for pod in pods(name)
        for condition in pod["status"].get("conditions", [])
        if condition["type"] == "PodScheduled" and condition["status"] == "False" and GPU_RESOURCE in condition.get("message", "")
    ]


def replica_set(pod: str) -> str:
    return pod.rpartition("-")[0]


def metric(name: str, series: str) -> float:
    """The sum of the matching series of a version's only pod."""
    (pod,) = pods(name)
    text = platform.kubectl("get", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}:{HTTP_PORT}/proxy/metrics")
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if re.match(series, line))
