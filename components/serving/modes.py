"""How KServe runs a model: plain Deployments (Standard mode), or Knative Services whose replicas follow requests (Knative mode).

The kind of scaling decides the mode. KServe silently ignores settings of the other mode, so none are written.
"""

from __future__ import annotations

from typing import Any

from components.serving.gateway import Gateway, KnativeIngress
from components.serving.model import Model
from components.serving.route_rules import rewritten, weighted

MODE = "serving.kserve.io/deploymentMode"


class Front(Gateway):
    """The way to a model: the gateway and, in Knative mode, the ingress behind it."""

    ingress: KnativeIngress | None = None


def mode_annotations(model: Model) -> dict[str, str]:
    """Always return the mode: the cluster's default may be another one, and KServe validates by this annotation."""
    scaling = model.entry.scaling.annotations()
    if not model.entry.on_knative:
        return {MODE: "Standard", **scaling}
    # The tag is an address of the newest revision alone, even while it gets no requests.
    return {MODE: "Knative", "serving.kserve.io/enable-tag-routing": "true", **scaling}


def visibility(model: Model, front: Front | None) -> dict[str, str]:
    """Return the label that keeps KServe and Knative from exposing the model themselves; this program makes the route."""
    if model.entry.on_knative:
        return {"networking.knative.dev/visibility": "cluster-local"}
    return {"networking.kserve.io/visibility": "cluster-local"} if front else {}


def predictor_fields(model: Model) -> dict[str, Any]:
    """Return replicas and shares. Knative refuses a grace period: pods get the revision's timeout, 300 s, to finish their requests."""
    entry = model.entry
    scaling = entry.scaling.predictor_fields(entry.replicas)
    if not entry.on_knative:
        return {"terminationGracePeriodSeconds": entry.server.drain_seconds, **scaling}
    share = {"canaryTrafficPercent": model.versions[-1].weight} if len(model.versions) > 1 else {}
    return {**scaling, **share}


def route_rules(model: Model, front: Front) -> list[dict[str, Any]]:
    if front.ingress:
        return rewritten(f"{model.name}-predictor.{model.namespace}.svc.cluster.local", front.ingress)
    return weighted(model)
