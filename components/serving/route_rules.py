"""The rules of a service's HTTPRoute: what a request's way to a version depends on."""

from __future__ import annotations

from typing import Any

from components.serving.gateway import PORT, KnativeIngress
from components.serving.rollout import Versions

SERVED_BY = "X-Served-By"
"""On every answer, the InferenceService that it was led to: vLLM does not say who it is. MNIST's server says it itself."""


def part_name(service: str, version: str) -> str:
    """Of the InferenceService that serves one version."""
    return f"{service}-{version}"


def rewritten(host: str, ingress: KnativeIngress) -> list[dict[str, Any]]:
    """Everything to Knative's ingress, under the only name by which it knows the service."""
    backend = {"name": ingress.service, "namespace": ingress.namespace, "port": ingress.port}
    return [_rule([backend], filters=[{"type": "URLRewrite", "urlRewrite": {"hostname": host}}])]


def weighted(service: str, versions: Versions) -> list[dict[str, Any]]:
    """One rule per experiment group, then one for everybody else; copies for the shadow are taken from the latter."""
    experiment = versions.experiment
    groups = experiment.groups if experiment else {}
    header = experiment.header if experiment else ""
    rules = [_rule([_named(service, version)], matches=[_header(header, group)]) for group, version in groups.items()]
    shared = [{**_named(service, version.name), "weight": version.weight} for version in versions.versions]
    return [*rules, _rule(shared, filters=_mirror(service, versions))]


def _rule(backends: list[dict[str, Any]], **more: list[dict[str, Any]]) -> dict[str, Any]:
    # No clock of the gateway's own: it would cut a streamed completion, and the servers bound their requests themselves.
    return {**{key: value for key, value in more.items() if value}, "backendRefs": backends, "timeouts": {"request": "0s"}}


def _backend(service: str, version: str) -> dict[str, Any]:
    """The Service that KServe makes for the version's pods."""
    return {"name": f"{part_name(service, version)}-predictor", "port": PORT}


def _named(service: str, version: str) -> dict[str, Any]:
    """Leads there and says so in the answer. With filters Envoy Gateway makes a cluster of its own for each version, also at weight 0
    (envoyproxy/gateway:internal/ir/xds.go@v1.9.1, NeedsClusterPerSetting).
    """
    header = {"name": SERVED_BY, "value": part_name(service, version)}
    return {
        **_backend(service, version),
        "filters": [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [header]}}],
    }


def _header(name: str, value: str) -> dict[str, Any]:
    return {"headers": [{"type": "Exact", "name": name, "value": value}]}


def _mirror(service: str, versions: Versions) -> list[dict[str, Any]]:
    if versions.shadow is None:
        return []
    mirror = {"backendRef": _backend(service, versions.shadow.version), "percent": versions.shadow.percent}
    return [{"type": "RequestMirror", "requestMirror": mirror}]
