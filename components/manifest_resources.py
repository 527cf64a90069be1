"""Turns plain objects into one Pulumi resource each, in an order in which both creation and destruction work.

Each is registered under the provider's own type token, so it appears in previews, tests and policies even before the cluster
exists; the remote components of the official SDK (ConfigGroup, Chart v4) would be empty there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum

import pulumi

from components.artifacts import Mirror
from components.base import Component
from components.manifest_source import ManifestError
from components.manifests import POD_TEMPLATES, Object, Objects, containers

BUILT_IN_GROUPS = re.compile(r"^(apps|autoscaling|batch|policy|[a-z]+(\.authorization|\.apiserver)?\.k8s\.io)?$")
"""Kubernetes' own API groups; groups of CRDs have more labels, such as gateway.networking.k8s.io."""


class Phase(IntEnum):
    """Each phase waits for the previous one. Services belong to the configuration, because pods find each other through them."""

    DEFINITIONS = 0
    NAMESPACES = 1
    CONFIGURATION = 2
    WORKLOADS = 3
    # Before admission, whose webhook would refuse them until its CA is in place; deleted while their controller still runs.
    CUSTOM = 4
    # A webhook or an aggregated API without its pods breaks unrelated requests, so it is created after them and deleted before them.
    ADMISSION = 5


def register(
    objects: Objects,
    mirror: Mirror,
    owner: Component,
    prefix: str,
    timeout_seconds: int,
    namespaces: Sequence[pulumi.Resource] = (),
    protect_definitions: bool = False,
) -> list[pulumi.Resource]:
    """Register all objects, with images from the mirror, and return the resources.

    `prefix`: first word of their logical names. `timeout_seconds`: limit for each. `namespaces`: dependency of everything but CRDs.
    """
    for item in objects.of_kind(*POD_TEMPLATES):
        for container in containers(item):
            container["image"] = _image(container["image"], mirror, objects.source)
    names = _logical_names(objects, prefix)
    made: list[pulumi.Resource] = []
    earlier: list[pulumi.Resource] = []
    for phase in Phase:
        if phase is Phase.NAMESPACES:
            earlier = [*earlier, *namespaces]
        resources = [
            _resource(
                name,
                item,
                owner.child(
                    earlier,
                    create_timeout_seconds=timeout_seconds,
                    protect=True if protect_definitions and phase is Phase.DEFINITIONS else None,
                ),
            )
            for name, item in names.items()
            if _phase(item) is phase
        ]
        made += resources
        earlier = resources or earlier
    return made


def _image(reference: str, mirror: Mirror, source: str) -> str:
    try:
        return mirror.reference(reference)
    except ValueError as error:
        raise ManifestError(f"{source}: image {error}") from None


def _logical_names(objects: Objects, prefix: str) -> dict[str, Object]:
    names: dict[str, Object] = {}
    for item in objects:
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{prefix}-{item['kind'].lower()}-{item['metadata']['name']}")
        if name in names:
            raise ManifestError(f"{objects.source}: two objects would have the logical name {name}")
        names[name] = item
    return names


def _phase(item: Object) -> Phase:
    group = item["apiVersion"].rpartition("/")[0]
    match item["kind"]:
        case "CustomResourceDefinition":
            return Phase.DEFINITIONS
        case "Namespace":
            return Phase.NAMESPACES
        case kind if kind in POD_TEMPLATES or _is_load_balancer(item):
            return Phase.WORKLOADS
        case _ if group in {"admissionregistration.k8s.io", "apiregistration.k8s.io"}:
            return Phase.ADMISSION
        case _:
            return Phase.CONFIGURATION if BUILT_IN_GROUPS.match(group) else Phase.CUSTOM


def _is_load_balancer(item: Object) -> bool:
    return bool(item["kind"] == "Service" and item["spec"].get("type") == "LoadBalancer")


def _resource(name: str, item: Object, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    group, _, version = item["apiVersion"].rpartition("/")
    if directives := _directives(item):
        annotations = (item["metadata"].get("annotations") or {}) | directives
        item = {**item, "metadata": {**item["metadata"], "annotations": annotations}}
    return pulumi.CustomResource(f"kubernetes:{group or 'core'}/{version}:{item['kind']}", name, item, opts)


def _directives(item: Object) -> dict[str, str]:
    """Annotations that control Pulumi's provider (pulumi/pulumi-kubernetes:provider/pkg/metadata/annotations.go)."""
    if item["kind"] == "Service" and not _is_load_balancer(item):
        # The provider would wait for its pods, which come later and have their own wait.
        return {"pulumi.com/skipAwait": "true"}
    if item["kind"].endswith("WebhookConfiguration"):
        # Its controller writes the CA and rules into it and owns them from then on; the next release's would conflict.
        return {"pulumi.com/patchForce": "true"}
    return {}
