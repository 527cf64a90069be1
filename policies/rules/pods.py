"""Every pod that an object of any kind describes, fully or partly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from policies.rules.resource import Resource, value_at

Aspect = Literal["container-security", "pod-security", "resources", "probes"]

WHOLE: frozenset[Aspect] = frozenset({"container-security", "pod-security", "resources", "probes"})
WITHOUT_PROBES = WHOLE - {"probes"}
SERVING_RUNTIME = "kubernetes:serving.kserve.io/v1alpha1:ServingRuntime"
INFERENCE_SERVICE = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
# KServe merges a runtime's containers with a service's predictor into one pod; each rule checks the object that sets the field.
KINDS: Mapping[str, tuple[str, frozenset[Aspect]]] = {
    "kubernetes:core/v1:Pod": ("spec", WHOLE),
    "kubernetes:apps/v1:Deployment": ("spec.template.spec", WHOLE),
    "kubernetes:apps/v1:StatefulSet": ("spec.template.spec", WHOLE),
    "kubernetes:apps/v1:DaemonSet": ("spec.template.spec", WHOLE),
    "kubernetes:apps/v1:ReplicaSet": ("spec.template.spec", WHOLE),
    "kubernetes:batch/v1:Job": ("spec.template.spec", WITHOUT_PROBES),
    "kubernetes:batch/v1:CronJob": ("spec.jobTemplate.spec.template.spec", WITHOUT_PROBES),
    SERVING_RUNTIME: ("spec", frozenset({"container-security", "probes"})),
    INFERENCE_SERVICE: ("spec.predictor", frozenset({"pod-security", "resources"})),
}
WITH_PODS = tuple(KINDS)


@dataclass(frozen=True)
class Container:
    """`path`: path from the resource's properties. `init`: runs before the others, and ends unless it is a sidecar."""

    path: str
    fields: Mapping[str, Any]
    init: bool = False

    def get(self, path: str, default: Any = None) -> Any:  # noqa: ANN401 - a field of any type
        return value_at(self.fields, path, default)

    def amount(self, kind: Literal["requests", "limits"], resource: str) -> Any:  # noqa: ANN401 - Kubernetes takes text and numbers
        """Amount of `resource`, a key such as nvidia.com/gpu; None if it is not set."""
        amounts = self.get(f"resources.{kind}", {})
        return amounts.get(resource)


@dataclass(frozen=True)
class Pod:
    """`says`: aspects of the pod that this object sets; another object may set the rest."""

    path: str
    spec: Mapping[str, Any]
    says: frozenset[Aspect]

    def get(self, path: str, default: Any = None) -> Any:  # noqa: ANN401 - a field of any type
        return value_at(self.spec, path, default)

    @property
    def containers(self) -> list[Container]:
        found = [
            Container(f"{self.path}.{group}[{position}]", fields, init=group == "initContainers")
            for group in ("initContainers", "containers")
            for position, fields in enumerate(self.get(group, []))
        ]
        model = self.get("model")
        return [*found, Container(f"{self.path}.model", model)] if model is not None else found


def pods(resource: Resource, aspect: Aspect | None = None) -> Iterator[Pod]:
    """The pod of this resource; none if its kind has no pod or the resource does not set the aspect."""
    if resource.type not in KINDS:
        return
    path, says = KINDS[resource.type]
    spec = resource.get(path)
    if resource.type == INFERENCE_SERVICE and spec is not None and "containers" in spec:
        says = WHOLE  # no runtime sets the rest
    if spec is not None and (aspect is None or aspect in says):
        yield Pod(path, spec, says)


def containers(resource: Resource, aspect: Aspect | None = None) -> Iterator[tuple[Pod, Container]]:
    for pod in pods(resource, aspect):
        for container in pod.containers:
            yield pod, container


def namespace(resource: Resource) -> str:
    return str(resource.get("metadata.namespace", "default"))
