"""Settings of a release manifest's Deployments: replicas with one owner, placement, spread, and disruption budget."""

from __future__ import annotations

from components.manifests import Object, Objects, pod
from components.scheduling import Workload


def run(objects: Objects, workload: Workload) -> None:
    """Edit all Deployments and upstream's HorizontalPodAutoscalers and PodDisruptionBudgets for them."""
    for deployment in objects.of_kind("Deployment"):
        _scale(objects, deployment, workload.replicas)
        _place(deployment, workload)
        _limit_disruption(objects, deployment, workload)


def _scale(objects: Objects, deployment: Object, replicas: int) -> None:
    """Set the replicas. If upstream autoscales, the autoscaler owns the number, and `replicas` becomes only its minimum."""
    for scaler in objects.of_kind("HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"] and _same_namespace(scaler, deployment):
            scaler["spec"] |= {"minReplicas": replicas, "maxReplicas": max(replicas, scaler["spec"]["maxReplicas"])}
            deployment["spec"].pop("replicas", None)
            return
    deployment["spec"]["replicas"] = replicas


def _place(deployment: Object, workload: Workload) -> None:
    spec = pod(deployment)
    if workload.node_selector:
        spec["nodeSelector"] = spec.get("nodeSelector", {}) | workload.node_selector
    if workload.tolerations:
        spec["tolerations"] = [*spec.get("tolerations", []), *(toleration.fields() for toleration in workload.tolerations)]
    if spread := workload.spread(deployment["spec"]["selector"]["matchLabels"]):
        spec["topologySpreadConstraints"] = spread


def _limit_disruption(objects: Objects, deployment: Object, workload: Workload) -> None:
    """Keep one budget or none: a single replica under upstream's `minAvailable: 80%` could never be drained."""
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for budget in objects.of_kind("PodDisruptionBudget"):
        if budget["spec"]["selector"]["matchLabels"].items() <= labels.items() and _same_namespace(budget, deployment):
            objects.remove(budget)
    if workload.highly_available:
        objects.add(
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {key: deployment["metadata"][key] for key in ("name", "namespace")},
                "spec": {"maxUnavailable": 1, "selector": {"matchLabels": deployment["spec"]["selector"]["matchLabels"]}},
            }
        )


def _same_namespace(one: Object, other: Object) -> bool:
    return bool(one["metadata"]["namespace"] == other["metadata"]["namespace"])
