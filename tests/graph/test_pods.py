"""Rules for every pod and Job of the platform."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.recording import Graph, Resource
from tests.graph.stacks import local

UPSTREAM = "inference-platform:platform:Knative$"
"""Part of the URN of objects from a release manifest: upstream's own, held to policies/ alone."""


def pods(graph: Graph) -> list[tuple[Resource, dict[str, Any]]]:
    return [(resource, resource.inputs["spec"]["template"]["spec"]) for resource in graph.of_kind("Job", "StatefulSet")]


def containers(graph: Graph) -> list[tuple[str, dict[str, Any]]]:
    specs = [*pods(graph), *((runtime, runtime.inputs["spec"]) for runtime in graph.of_kind("ServingRuntime"))]
    return [(owner.key, container) for owner, spec in specs for container in [*spec.get("initContainers", []), *spec["containers"]]]


def test_every_pod_meets_the_restricted_profile(graph: Graph) -> None:
    assert len(pods(graph)) == 8
    for resource, pod in pods(graph):
        assert pod["securityContext"]["runAsNonRoot"] is True, resource.key
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, resource.key
        assert pod["securityContext"]["runAsUser"] > 0, resource.key
    for owner, container in containers(graph):
        security = container["securityContext"]
        assert security["runAsNonRoot"] is True, owner
        assert security["allowPrivilegeEscalation"] is False, owner
        assert security["readOnlyRootFilesystem"] is True, owner
        assert security["capabilities"] == {"drop": ["ALL"]}, owner


def test_the_predictor_meets_the_restricted_profile_too(graph: Graph) -> None:
    predictor = graph.one("InferenceService/mnist-classifier").inputs["spec"]["predictor"]
    assert predictor["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert predictor["automountServiceAccountToken"] is False


def test_namespaces_refuse_anything_less(graph: Graph) -> None:
    for namespace in graph.of_kind("Namespace"):
        assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_every_container_says_what_it_needs_and_no_image_floats(graph: Graph) -> None:
    for owner, container in containers(graph):
        if not owner.startswith("ServingRuntime"):
            assert container["resources"]["requests"]["memory"], owner
            assert container["resources"]["limits"]["memory"], owner
        tag = container["image"].rpartition(":")[2]
        assert tag, owner
        assert tag != "latest", owner


def test_a_pod_has_an_api_token_only_when_it_asks_the_api(graph: Graph) -> None:
    with_identity = {resource.key for resource, pod in pods(graph) if "serviceAccountName" in pod}
    gates = {"Job/cert-manager-gate", "Job/knative-gate", "Job/kserve-gate"}
    assert with_identity == {*gates, "Job/mnist-classifier-smoke", "Job/mnist-classifier-route"}
    for resource, pod in pods(graph):
        if resource.key not in with_identity:
            assert pod["automountServiceAccountToken"] is False, resource.key


def test_roles_are_narrow(graph: Graph) -> None:
    assert not [role.key for role in graph.of_kind("ClusterRole", "ClusterRoleBinding") if UPSTREAM not in role.urn]
    for role in graph.of_kind("Role"):
        for rule in role.inputs["rules"]:
            assert set(rule["verbs"]) <= {"get", "list", "create"}, role.key
            assert "secrets" not in rule["resources"], role.key
            assert "*" not in [*rule["apiGroups"], *rule["resources"]], role.key
    smoke = graph.one("Role/mnist-classifier-smoke").inputs["rules"]
    assert {verb for rule in smoke for verb in rule["verbs"]} == {"get", "list"}


def test_jobs_fail_with_a_reason_within_their_time(graph: Graph) -> None:
    for job in graph.of_kind("Job"):
        spec = job.inputs["spec"]
        (container,) = spec["template"]["spec"]["containers"]
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError", job.key
        assert spec["backoffLimit"] == 0, job.key
        assert "ttlSecondsAfterFinished" not in spec, job.key
        assert job.create_timeout == f"{int(spec['activeDeadlineSeconds']) + 10}s", job.key
        patience = next((item["value"] for item in container["env"] if item["name"] == "PATIENCE_SECONDS"), None)
        if patience is not None:
            assert int(patience) + 10 < spec["activeDeadlineSeconds"], f"{job.key}: the Job would be cut off before its reason is out"
    assert graph.one("Job/mnist-classifier-smoke").inputs["spec"]["activeDeadlineSeconds"] <= 110


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"models__mnist_classifier__source": "s3://models/mnist/second.pt"}, {"mnist-classifier-smoke"}),
        ({"images__mnist_classifier__server": "registry.example/mnist:2"}, {"mnist-classifier-smoke"}),
        ({"images__mnist_classifier__weights": "registry.example/mnist-weights:2"}, {"mnist-classifier-weights"}),
        ({"models__mnist_classifier__replicas": {"min": 2, "max": 3}}, set()),
        ({"mirror": {"images": {"docker.io/pgsty": "corp.example"}}}, {"mnist-classifier-weights", "model-store-bootstrap"}),
    ],
)
def test_a_job_runs_again_exactly_when_what_it_does_has_changed(graph: Graph, change: dict[str, Any], changed: set[str]) -> None:
    before, after = ({job.name: job.inputs["metadata"]["name"] for job in each.of_kind("Job")} for each in (graph, local(**change)))
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_changed_program_is_a_new_job(monkeypatch: pytest.MonkeyPatch, graph: Graph) -> None:
    from pathlib import Path

    read = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda path, *args: read(path, *args) + ("\n# edited" if path.name == "smoke_check.py" else ""))
    edited = local()
    for key in ("Job/mnist-classifier-smoke", "ConfigMap/mnist-classifier-smoke"):
        assert edited.one(key).inputs["metadata"]["name"] != graph.one(key).inputs["metadata"]["name"]
    assert edited.one("Job/kserve-gate").inputs["metadata"] == graph.one("Job/kserve-gate").inputs["metadata"]


def test_a_job_goes_before_the_one_that_replaces_it(graph: Graph) -> None:
    """Its name is its content: a change that failed and is taken back would meet the first Job, still there."""
    for job in graph.of_kind("Job"):
        assert job.delete_before_replace, job.key
