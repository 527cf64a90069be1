"""Karpenter's own kwok cloud on the bench: the NodePool of our component makes nodes for pods like vLLM's, from zero and back; and many.

The pool is the component's, but for the reference to its class: no fake machine is made from an EC2NodeClass. Nothing runs on the nodes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from components.aws.karpenter_node_pool import EMPTY_MINUTES, KarpenterNodePoolArgs, node_pool_spec
from components.aws.node_pool import Membership
from components.scheduling import GPU_LABELS, GPU_RESOURCE, GPU_TAINT
from tests import nodes
from tests.graph.stacks import recorded
from tests.waiting import wait_for

pytestmark = [pytest.mark.node, pytest.mark.acceptance]

INSTANCE = nodes.CONTRACT
kubectl = nodes.Kubectl(INSTANCE)

POOL = "gpu"
FAKE = "karpenter.sh/nodepool"
"""Label of every node that Karpenter made."""


@pytest.fixture(scope="module", autouse=True)
def node() -> Iterator[None]:
    started = nodes.bench(INSTANCE, "up", "--with", "karpenter")
    assert started.returncode == 0, started.stdout
    yield
    nodes.bench(INSTANCE, "down")


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    delete("deployment")
    delete("nodepool")


def pool(instance_types: list[str], most: int) -> dict[str, Any]:
    args = KarpenterNodePoolArgs(
        membership=Membership(cluster="bench", region="eu-central-1", kubernetes="1.35", subnet_ids=["subnet-1"]),
        security_group_id="sg-1",
        instance_types=instance_types,
        capacity=["on-demand"],
        max=most,
        image="v20260911",
    )
    spec = node_pool_spec(POOL, args)
    spec["template"]["spec"]["nodeClassRef"] |= {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass"}
    return {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": POOL}, "spec": spec}


def apply(*objects: dict[str, Any]) -> None:
    kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def apply_pool(*instance_types: str, most: int) -> None:
    node_class = {"apiVersion": "karpenter.kwok.sh/v1alpha1", "kind": "KWOKNodeClass", "metadata": {"name": POOL}, "spec": {}}
    apply(node_class, pool([*instance_types], most))
    kubectl("wait", "--for=condition=Ready", f"nodepool/{POOL}", "--timeout=60s")


def delete(kind: str) -> None:
    """Delete all of a kind as a destroy does it, in the foreground: a Deployment goes after its pods, a NodePool after its nodes."""
    kubectl("delete", kind, "--all", "--cascade=foreground", "--wait=false")
    wait_for(lambda: not kubectl.json("get", kind)["items"], 900, f"no {kind} is left")


def deployment(name: str, replicas: int, gpus: int) -> dict[str, Any]:
    """Pods as KServe makes them of dev's language model: its selector, toleration and requests, with this number of GPUs."""
    predictor = recorded("dev").one("InferenceService/smollm-text-generation").inputs["spec"]["predictor"]
    resources = {kind: {**amounts, GPU_RESOURCE: str(gpus)} for kind, amounts in predictor["model"]["resources"].items()}
    pod = {
        "nodeSelector": predictor["nodeSelector"],
        "tolerations": predictor["tolerations"],
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "kserve-container", "image": "vllm", "resources": resources}],
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def made() -> list[dict[str, Any]]:
    """The nodes that Karpenter made."""
    found: list[dict[str, Any]] = kubectl.json("get", "nodes", "--selector", FAKE)["items"]
    return found


def pods() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kubectl.json("get", "pods")["items"]
    return found


def running() -> int:
    return sum(pod["status"]["phase"] == "Running" for pod in pods())


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def placed_after_seconds() -> float:
    """From the first pod's creation to the last pod's place on a node, as the API server dates them."""
    created = [moment(pod["metadata"]["creationTimestamp"]) for pod in pods()]
    placed = [
        moment(condition["lastTransitionTime"])
        for pod in pods()
        for condition in pod["status"]["conditions"]
        if condition["type"] == "PodScheduled" and condition["status"] == "True"
    ]
    assert len(placed) == len(created)
    return (max(placed) - min(created)).total_seconds()


def test_nodes_come_for_pods_that_ask_for_gpus_and_go_after_them() -> None:
    apply_pool("g6.xlarge", "g5.xlarge", most=3)
    assert made() == []
    apply(deployment("llm", replicas=2, gpus=1))
    wait_for(lambda: running() == 2, 120, "both pods run")
    found = made()
    assert len(found) == 2, "a node with one GPU has room for one pod"
    for each in found:
        labels = each["metadata"]["labels"]
        assert GPU_LABELS.items() <= labels.items()
        assert labels["node.kubernetes.io/instance-type"] == "g6.xlarge", "the cheaper one of the two"
        assert {"key": GPU_TAINT.key, "value": GPU_TAINT.value, "effect": GPU_TAINT.effect} in each["spec"]["taints"]
        assert each["status"]["allocatable"][GPU_RESOURCE] == "1"
    delete("deployment")
    # Empty nodes wait for another pod, and then go by themselves.
    wait_for(lambda: not made(), EMPTY_MINUTES * 60 + 180, "no node is left")


def test_no_more_nodes_come_than_the_limit_allows_and_none_for_other_pods() -> None:
    apply_pool("g6.xlarge", most=2)
    other = deployment("web", replicas=1, gpus=1)
    del other["spec"]["template"]["spec"]["tolerations"]
    apply(deployment("llm", replicas=4, gpus=1), other)
    wait_for(lambda: running() == 2, 120, "two of the pods run")
    events = wait_for(
        lambda: [each for each in kubectl.json("get", "events")["items"] if "limit" in each.get("message", "")], 120, "Karpenter says why"
    )
    assert len(made()) == 2, events[-1]["message"]
    assert {pod["metadata"]["labels"]["app"] for pod in pods() if pod["status"]["phase"] == "Running"} == {"llm"}


def test_a_deleted_pool_takes_its_nodes_along_before_it_is_gone() -> None:
    apply_pool("g6.xlarge", most=2)
    apply(deployment("llm", replicas=2, gpus=1))
    wait_for(lambda: running() == 2, 120, "both pods run")
    delete("nodepool")
    assert made() == []
    assert kubectl.json("get", "nodeclaims")["items"] == []


def test_three_hundred_nodes_for_a_thousand_pods(capsys: pytest.CaptureFixture[str]) -> None:
    """66 pods with four GPUs and 934 with one fill 300 nodes of four; a few more may come where small pods take a large one's place."""
    apply_pool("g6.12xlarge", most=320)
    apply(deployment("large", replicas=66, gpus=4), deployment("small", replicas=934, gpus=1))
    wait_for(lambda: len(pods()) == running() == 1000, 900, "all pods run")
    count, seconds = len(made()), placed_after_seconds()
    assert 300 <= count <= 320
    with capsys.disabled():
        print(f"\n1000 pods on {count} nodes: all placed after {seconds:.0f} s")
