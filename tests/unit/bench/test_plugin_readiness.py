"""When an object counts as ready."""

from __future__ import annotations

from typing import Any

import pytest

from bench.plugins.kubernetes.await_.readiness import readiness
from bench.plugins.kubernetes.tokens import Gvk

DEPLOYMENT = Gvk("apps", "v1", "Deployment")
ROLLED_OUT = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}


def _workload(status: dict[str, Any], **spec: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"metadata": {"generation": 2}, "spec": {"replicas": 3, **spec}, "status": status}


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, ""),
        ({"observedGeneration": 1}, "has not seen"),
        ({"updatedReplicas": 1}, "1 of 3 replicas run the new version"),
        ({"replicas": 4}, "1 replicas of the old version"),
        ({"availableReplicas": 2}, "2 of 3 replicas are available"),
        ({"availableReplicas": None}, "0 of 3 replicas are available"),
    ],
)
def test_a_deployment_is_ready_when_it_is_rolled_out(change: dict[str, Any], missing: str) -> None:
    state = readiness(DEPLOYMENT, _workload({**ROLLED_OUT, **change}))
    assert missing in state.missing
    assert state.ready is (missing == "")


def test_a_deployment_of_no_replicas_is_ready() -> None:
    assert readiness(DEPLOYMENT, _workload({"observedGeneration": 2}, replicas=0)).ready


def test_a_stateful_set_may_keep_its_partition_on_the_old_version() -> None:
    status = {"observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 1}
    kind = Gvk("apps", "v1", "StatefulSet")
    assert not readiness(kind, _workload(status)).ready
    assert readiness(kind, _workload(status, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})).ready


def test_a_daemon_set_without_nodes_is_ready_once_it_was_seen() -> None:
    kind = Gvk("apps", "v1", "DaemonSet")
    assert readiness(kind, _workload({"observedGeneration": 2, "desiredNumberScheduled": 0})).ready
    assert not readiness(kind, _workload({})).ready


def _with(condition: str, status: str = "True", **more: str) -> dict[str, Any]:
    return {"metadata": {}, "spec": {}, "status": {"conditions": [{"type": condition, "status": status, **more}]}}


def test_a_failed_job_never_gets_ready() -> None:
    kind = Gvk("batch", "v1", "Job")
    assert readiness(kind, _with("Complete")).ready
    failed = readiness(kind, _with("Failed", reason="BackoffLimitExceeded", message="too often"))
    assert failed.failed
    assert "BackoffLimitExceeded: too often" in failed.missing
    waiting = readiness(kind, _with("SuccessCriteriaMet"))
    assert not waiting.ready
    assert not waiting.failed


def test_a_definition_whose_names_are_taken_never_gets_ready() -> None:
    kind = Gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    assert readiness(kind, _with("Established")).ready
    assert readiness(kind, _with("NamesAccepted", "False")).failed
    assert not readiness(kind, _with("NamesAccepted")).ready


def test_custom_resources_are_not_waited_for() -> None:
    assert readiness(Gvk("serving.kserve.io", "v1beta1", "InferenceService"), _with("Ready", "False")).ready
