"""The rules of a model's HTTPRoute, which lead a request to a version."""

from __future__ import annotations

from typing import Any

from components.serving.gateway import PORT, KnativeIngress
from components.serving.model import Model
from components.serving.versions import part_name

SERVED_BY = "X-Served-By"
"""The header of every answer with the InferenceService that the request was led to, because most servers do not name themselves."""


def rewritten(host: str, ingress: KnativeIngress) -> list[dict[str, Any]]:
    """Lead everything to Knative's ingress, with the only host name by which it knows the model."""
    backend = {"name": ingress.service, "namespace": ingress.namespace, "port": ingress.port}
    return [_rule([backend], filters=[{"type": "URLRewrite", "urlRewrite": {"hostname": host}}])]


def weighted(model: Model) -> list[dict[str, Any]]:
    """Return a rule for each experiment group, then one for all other requests, which also makes the copies for the shadow."""
    experiment = model.entry.experiment
    groups = experiment.groups if experiment else {}
    header = experiment.header if experiment else ""
    rules = [_rule([_named(model.name, version)], matches=[_header(header, group)]) for group, version in groups.items()]
    shared = [{**_named(model.name, version.name), "weight": version.weight} for version in model.versions]
    return [*rules, _rule(shared, filters=_mirror(model))]


def _rule(backends: list[dict[str, Any]], **more: list[dict[str, Any]]) -> dict[str, Any]:
    # No timeout in the gateway: it would cut a streamed completion, and the servers limit their requests themselves.
    return {**{key: value for key, value in more.items() if value}, "backendRefs": backends, "timeouts": {"request": "0s"}}


def _backend(model: str, version: str) -> dict[str, Any]:
    """Return the Service that KServe makes for the version's pods."""
    return {"name": f"{part_name(model, version)}-predictor", "port": PORT}


def _named(model: str, version: str) -> dict[str, Any]:
    """Lead to the version and name it in the answer. With filters Envoy Gateway makes a cluster for each version, even at weight 0
    (envoyproxy/gateway:internal/ir/xds.go@v1.9.1, NeedsClusterPerSetting).
    """
    header = {"name": SERVED_BY, "value": part_name(model, version)}
    return {
        **_backend(model, version),
        "filters": [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [header]}}],
    }


def _header(name: str, value: str) -> dict[str, Any]:
    return {"headers": [{"type": "Exact", "name": name, "value": value}]}


def _mirror(model: Model) -> list[dict[str, Any]]:
    shadow = model.entry.shadow
    if shadow is None:
        return []
    mirror = {"backendRef": _backend(model.name, shadow.version), "percent": shadow.percent}
    return [{"type": "RequestMirror", "requestMirror": mirror}]
