"""Prod as it is recorded, changed in one place each: what a component or a stack file might get wrong, and which rule says so."""

from __future__ import annotations

from typing import Any

import pytest

from policies.rules.catalogue import RULES
from policies.rules.rule import Rule, StackRule
from tests import stack_files
from tests.graph.recording import record
from tests.graph.stacks import recorded, stand_ins
from tests.policies.analyzer_harness import OWN_REGISTRY, Registered, findings
from tests.policies.objects import ENVOY, REMOVED, changed

OF_A_PARTNER = {"one-autoscaler"}
"""The message is about the second of two, and names the first."""
BY_NAME = {rule.name: rule for rule in RULES}
POD = "spec.template.spec"
PROXIES = f"values.{ENVOY}"
MODEL = "InferenceService/smollm-text-generation"
SCALED = "ScaledObject/smollm-text-generation-predictor"
STORE = "StatefulSet/minio"

OUTPUTS: list[tuple[str, str, str, Any]] = [
    # rule, resource, where in its inputs, and what stands there then
    ("image-tag-fixed", STORE, f"{POD}.containers[0].image", "docker.io/pgsty/silo:latest"),
    ("image-tag-fixed", "Release/cert-manager", "values.image", {"repository": "quay.io/jetstack/cert-manager-controller"}),
    ("image-digest", "ServingRuntime/smollm-text-generation-vllm", "spec.containers[0].image", "docker.io/vllm/vllm-openai:v0.32.0"),
    ("image-digest", "Release/gpu-operator", "values.devicePlugin.version", "v0.20.0"),
    ("image-registry", "Release/kube-prometheus-stack", "values.grafana.image.registry", "evil.example"),
    ("resources-said", STORE, f"{POD}.containers[0].resources.limits", {}),
    ("resources-said", MODEL, "spec.predictor.model.resources.requests.memory", REMOVED),
    ("gpu-whole-and-equal", MODEL, "spec.predictor.model.resources.limits", {"nvidia.com/gpu": "2"}),
    ("gpu-pod-placed", MODEL, "spec.predictor.tolerations", []),
    ("gpu-pod-placed", MODEL, "spec.predictor.nodeSelector", {}),
    ("pod-non-root", STORE, f"{POD}.securityContext.runAsUser", 0),
    ("container-no-escalation", "Job/kserve-gate", f"{POD}.containers[0].securityContext.allowPrivilegeEscalation", True),
    ("container-no-capabilities", STORE, f"{POD}.containers[0].securityContext.capabilities", {}),
    ("pod-seccomp", STORE, f"{POD}.securityContext.seccompProfile", REMOVED),
    ("container-not-privileged", STORE, f"{POD}.containers[0].securityContext.privileged", True),
    ("pod-off-the-host", STORE, f"{POD}.volumes[0]", {"name": "tmp", "hostPath": {"path": "/"}}),
    ("readiness-probed", STORE, f"{POD}.containers[0].readinessProbe", REMOVED),
    ("env-no-secret", STORE, f"{POD}.containers[0].env[1]", {"name": "MINIO_ROOT_PASSWORD", "value": "hunter2"}),
    ("configuration-no-secret", "Release/kube-prometheus-stack", "values.grafana.adminPassword", "hunter2"),
    ("replicas-spread", STORE, f"{POD}.topologySpreadConstraints", []),
    ("replicas-budgeted", "PodDisruptionBudget/minio", "spec.selector.matchLabels", {"app": "other"}),
    ("data-fenced", "NetworkPolicy/minio", "spec.podSelector.matchLabels", {"app": "other"}),
    ("namespace-pod-security", "Namespace/minio", "metadata.labels", {}),
    ("namespace-pod-security", "Namespace/kserve", "metadata.labels", {"pod-security.kubernetes.io/enforce": "privileged"}),
    ("controllers-replicated", "Release/gateway-helm", f"{PROXIES}.envoyDeployment.replicas", 1),
    ("service-not-public", "Release/gateway-helm", f"{PROXIES}.envoyService.type", "LoadBalancer"),
    ("release-pinned", "Release/kserve-resources", "version", REMOVED),
    ("model-mode-said", MODEL, "metadata.annotations", {}),
    ("model-namespace", MODEL, "metadata.namespace", "kserve"),
    ("model-address", MODEL, "spec.predictor.model.storageUri", "https://evil.example/model"),
    ("replica-bounds", "InferenceService/mnist-classifier", "spec.predictor.minReplicas", 9),
    ("canary-percent", "InferenceService/mnist-classifier", "spec.predictor.canaryTrafficPercent", 100),
    ("canary-in-knative", MODEL, "spec.predictor.canaryTrafficPercent", 10),
    ("gpu-rollout", MODEL, "spec.predictor.deploymentStrategy.rollingUpdate.maxSurge", 1),
    ("one-autoscaler", MODEL, "metadata.annotations", {"serving.kserve.io/deploymentMode": "Standard"}),
    ("keda-never-zero", SCALED, "spec.minReplicaCount", 0),
    ("keda-one-number", SCALED, "spec.triggers[0].metadata.query", 'vllm:num_requests_waiting{namespace="default"}'),
    ("keda-absent-is-not-zero", SCALED, "spec.triggers[0].metadata.ignoreNullValues", "true"),
    ("keda-fallback", SCALED, "spec.fallback", REMOVED),
    ("route-weights", "HTTPRoute/smollm-text-generation", "spec.rules[0].backendRefs[0].weight", 90),
]
CONFIGURATIONS: list[tuple[str, str, dict[str, Any]]] = [
    # rule, words of its message, and what the stack file says then
    ("controllers-replicated", "Release cert-manager", {"certManager": {"replicas": 1}}),
    ("controllers-replicated", "Deployment keda-deployment-keda-operator", {"keda": {"enabled": True, "replicas": 1}}),
    ("definitions-protected", "CustomResourceDefinition knative-", {"safeguards": {"protect": False, "digests": "required"}}),
    ("data-protected", "StatefulSet minio", {"safeguards": {"protect": False, "digests": "required"}}),
    ("monthly-budget", "a month", {"gpu__nodes": {"min": 1, "max": 60}}),
]


def prod(rule: Rule | StackRule, key: str, path: str, value: object) -> list[Registered]:
    """The resources that the rule judges: all, or the changed one where it judges each by itself; all others pass (test_stacks.py)."""
    registered = []
    for resource in recorded("prod"):
        is_changed = resource.custom and resource.key == key
        if is_changed or isinstance(rule, StackRule):
            inputs = changed(resource.inputs, {path: value}) if is_changed else resource.inputs
            registered.append(Registered(resource.type, resource.name, inputs, resource.protect))
    return registered


@pytest.mark.parametrize(("rule", "key", "path", "value"), OUTPUTS)
def test_an_output_that_is_wrong_is_refused(rule: str, key: str, path: str, value: object) -> None:
    recorded("prod").one(key)
    (found,) = findings(prod(BY_NAME[rule], key, path, value), "prod", [BY_NAME[rule]], configuration=OWN_REGISTRY)
    name = key.rpartition("/")[2]
    assert f" {name}: " in found.message or (rule in OF_A_PARTNER and name in found.message)
    assert BY_NAME[rule].fix in found.message


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "words", "changes"), CONFIGURATIONS)
def test_a_stack_file_that_is_wrong_is_refused(rule: str, words: str, changes: dict[str, Any]) -> None:
    with stand_ins() as manifests:
        graph = record(stack_files.prod(**changes, mirror={"manifests": str(manifests)}))
    registered = [Registered(resource.type, resource.name, resource.inputs, resource.protect) for resource in graph]
    found = findings(registered, "prod", [BY_NAME[rule]])
    assert any(words in finding.message for finding in found), [finding.message for finding in found]
    assert all(BY_NAME[rule].fix in finding.message for finding in found)
