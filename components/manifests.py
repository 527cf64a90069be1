"""Turns a pinned release manifest into plain objects to edit in Python. `manifest_resources.py` makes resources of them.

Objects are found by kind and name, never by position. An edit of a missing object is an error that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from components.artifacts import Manifest, Mirror
from components.manifest_definitions import terse
from components.manifest_source import ManifestError, read

Object = dict[str, Any]

DEFINITION = "CustomResourceDefinition"
POD_TEMPLATES = ("Deployment", "DaemonSet", "StatefulSet", "Job")


class Objects:
    """The objects of one component, in the order in which they were read or added."""

    def __init__(self, objects: Sequence[Object], source: str) -> None:
        """`source`: name of the manifest in errors. An object that occurs twice counts once: Knative publishes its CRDs in two files."""
        self.source = source
        self._objects: dict[tuple[str, str, str], Object] = {}
        for item in objects:
            self.add(item)

    def __iter__(self) -> Iterator[Object]:
        return iter(list(self._objects.values()))

    def add(self, item: Object) -> None:
        if self._objects.setdefault(_identity(item), item) != item:
            raise ManifestError(f"{self.source}: {item['kind']} {item['metadata']['name']} occurs twice with different content")

    def of_kind(self, *kinds: str) -> list[Object]:
        return [item for item in self if item["kind"] in kinds]

    def one(self, kind: str, name: str) -> Object:
        """The object itself, so that edits change the manifest. Raises ManifestError unless there is exactly one."""
        found = [item for item in self.of_kind(kind) if item["metadata"]["name"] == name]
        if len(found) != 1:
            there = ", ".join(sorted(item["metadata"]["name"] for item in self.of_kind(kind))) or "none"
            raise ManifestError(f"{self.source}: {len(found)} objects are {kind} {name}, expected one; objects of this kind: {there}")
        return found[0]

    def drop(self, kind: str, name: str) -> None:
        self.remove(self.one(kind, name))

    def remove(self, item: Object) -> None:
        del self._objects[_identity(item)]


def load(pins: Sequence[Manifest], mirror: Mirror) -> Objects:
    """All objects of these manifests. Raises ManifestError."""
    source = " and ".join(f"{pin.name} {pin.version}" for pin in pins)
    return Objects([item for pin in pins for item in _parsed(pin, mirror)], source)


def pod(workload: Object) -> Object:
    """The pod specification of a Deployment or a similar workload."""
    specification: Object = workload["spec"]["template"]["spec"]
    return specification


def containers(workload: Object) -> list[Object]:
    return [*pod(workload).get("initContainers", []), *pod(workload)["containers"]]


def container(workload: Object, name: str) -> Object:
    """The container with this name. Raises ManifestError if the workload has none."""
    for item in containers(workload):
        if item["name"] == name:
            return item
    raise ManifestError(f"{workload['kind']} {workload['metadata']['name']} has no container {name}")


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: `on` and `2026-01-31` are text, and so is `=`, which prometheus-operator's CRDs contain."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own interface
        first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in {"bool", "int", "timestamp", "value"}]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^([-+]?[0-9]+|0x[0-9a-fA-F]+)$"), list("-+0123456789"))


def _parsed(pin: Manifest, mirror: Mirror) -> list[Object]:
    try:
        documents = list(yaml.load_all(read(pin, mirror), _Loader))
    except (yaml.YAMLError, ValueError) as error:
        raise ManifestError(f"{pin.name} {pin.version} is not YAML: {' '.join(str(error).split())}") from None
    objects = [document for document in documents if document is not None]
    for item in objects:
        if not isinstance(item, dict) or not {"apiVersion", "kind", "metadata"} <= item.keys() or "name" not in item["metadata"]:
            raise ManifestError(f"{pin.name} {pin.version} contains something that is not a Kubernetes object: {str(item)[:200]}")
    return [_without_what_the_cluster_owns(terse(item) if item["kind"] == DEFINITION else item) for item in objects]


def _without_what_the_cluster_owns(item: Object) -> Object:
    """Drop the status and the rules of an aggregated ClusterRole; an update of those would conflict with the cluster."""
    owned = {"status", "rules"} if "aggregationRule" in item else {"status"}
    return {key: value for key, value in item.items() if key not in owned}


def _identity(item: Object) -> tuple[str, str, str]:
    """Kind with its group, namespace and name."""
    group = item["apiVersion"].rpartition("/")[0]
    return f"{item['kind']}.{group}", item["metadata"].get("namespace", ""), item["metadata"]["name"]
