"""The kinds the product uses, each with one change of its program and one edit behind Pulumi's back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.engine.program import Resource

PAUSE = "registry.k8s.io/pause:3.10"
SHELL = "bench.local/busybox:1.35.0"
PASSWORD = "correct-horse-battery"

Props = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """`operation` is what the engine must do for `change`; `drift` a merge patch that `refresh` must report."""

    resource: Resource
    resource_type: str
    change: Callable[[Props], None]
    drift: Props
    operation: str = "update"

    @property
    def id(self) -> str:
        return self.resource.name

    def changed(self) -> Resource:
        props = copy.deepcopy(self.resource.props)
        self.change(props)
        return replace(self.resource, props=props)


def _set(*path: str | int, to: Any) -> Callable[[Props], None]:  # noqa: ANN401  # any JSON value
    def change(props: Any) -> None:  # noqa: ANN401
        for step in path[:-1]:
            props = props[step]
        props[path[-1]] = to

    return change


def _label(props: Props) -> None:
    props["metadata"]["labels"] = {"contract": "changed"}


def _pod(name: str, image: str, **spec: Any) -> Props:  # noqa: ANN401
    container = {"name": "main", "image": image, **spec.pop("container", {})}
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 0, **spec}}


def _workload(name: str) -> Props:
    return {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": _pod(name, PAUSE)}


_LABEL_DRIFT = {"metadata": {"labels": {"contract": "drifted"}}}


def kinds(namespace: str, chart: Path) -> list[Kind]:
    """One of each, in the order they depend on one another. Cluster-scoped ones carry the namespace's name."""
    group = f"{namespace}.example.com"

    def kind(token: str, id_: str, change: Callable[[Props], None], body: Props, **more: Any) -> Kind:  # noqa: ANN401
        scoped = more.pop("scoped", True)
        metadata = {"name": id_.lower() if scoped else f"{namespace}-{id_.lower()}", "labels": {"contract": "yes"}}
        if scoped:
            metadata["namespace"] = namespace
        metadata |= more.pop("metadata", {})
        options = {name: more.pop(name) for name in ("provider", "secret", "after") if name in more}
        options["after"] = (*(() if id_ == "Namespace" else ("Namespace",)), *options.get("after", ()))
        version, _, plain = token.rpartition(":")
        version = version.replace("core/", "")
        props = {"apiVersion": version, "kind": plain, "metadata": metadata, **body}
        listed_as = f"widgets.{group}" if plain == "Widget" else plain
        return Kind(Resource(id_, f"kubernetes:{token}", props, **options), listed_as, change, more.pop("drift", _LABEL_DRIFT), **more)

    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    subject = {"kind": "ServiceAccount", "name": "serviceaccount", "namespace": namespace}
    role_ref = {"apiGroup": "rbac.authorization.k8s.io"}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1048576Ki"}}}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]
    shell = {"command": ["true"]}
    rbac = "rbac.authorization.k8s.io/v1"
    listed = [
        kind("core/v1:Namespace", "Namespace", _label, {}, scoped=False, metadata={"name": namespace}),
        kind("core/v1:ConfigMap", "ConfigMap-immutable", _set("data", "a", to="2"), {"data": {"a": "1"}}, operation="replace"),
        kind(
            "core/v1:ConfigMap",
            "ConfigMap",
            _set("data", "a", to="2"),
            {"data": {"a": "1"}},
            provider="mutable",
            drift={"data": {"a": "3"}},
        ),
        kind(
            "core/v1:Secret",
            "Secret",
            _set("stringData", "user", to="b"),
            {"stringData": {"user": "a", "password": PASSWORD}},
            provider="mutable",
            secret=("stringData",),
            drift={"data": {"user": "Yw=="}},
        ),
        kind(
            "core/v1:ServiceAccount",
            "ServiceAccount",
            _set("automountServiceAccountToken", to=True),
            {"automountServiceAccountToken": False},
        ),
        kind("apps/v1:Deployment", "Deployment", _label, {"spec": _workload("deployment")}, drift={"spec": {"replicas": 0}}),
        kind(
            "apps/v1:StatefulSet",
            "StatefulSet",
            _set("spec", "template", "metadata", "annotations", to={"a": "b"}),
            {"spec": {"serviceName": "statefulset", **_workload("statefulset")}},
        ),
        kind(
            "core/v1:Service",
            "Service",
            _set("spec", "ports", 0, "targetPort", to=81),
            {"spec": {"selector": {"app": "deployment"}, "ports": [{"port": 80, "targetPort": 80}]}},
            after=("Deployment",),
            drift={"spec": {"selector": {"app": "statefulset"}}},
        ),
        kind(
            "batch/v1:Job",
            "Job",
            _set("spec", "template", "metadata", "labels", "b", to="c"),
            {"spec": {"backoffLimit": 0, "template": _pod("job", SHELL, restartPolicy="Never", container=shell)}},
            operation="replace",
        ),
        kind("core/v1:PersistentVolumeClaim", "PersistentVolumeClaim", _label, {"spec": claim}),
        kind(
            "networking.k8s.io/v1:NetworkPolicy",
            "NetworkPolicy",
            _set("spec", "podSelector", to={"matchLabels": {"a": "b"}}),
            {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
        ),
        kind(
            "policy/v1:PodDisruptionBudget",
            "PodDisruptionBudget",
            _set("spec", "minAvailable", to=2),
            {"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "deployment"}}}},
        ),
        kind(f"{rbac}:Role", "Role", _set("rules", 0, "verbs", to=["get", "list"]), {"rules": rules}),
        # Not another roleRef: the plugin 4.25.0 fails in the preview of that replacement, because its dry run meets the old object.
        kind(
            f"{rbac}:RoleBinding",
            "RoleBinding",
            _label,
            {"subjects": [subject], "roleRef": {**role_ref, "kind": "Role", "name": "role"}},
        ),
        kind(f"{rbac}:ClusterRole", "ClusterRole", _set("rules", 0, "verbs", to=["list"]), {"rules": rules}, scoped=False),
        kind(
            f"{rbac}:ClusterRoleBinding",
            "ClusterRoleBinding",
            _label,
            {"subjects": [subject], "roleRef": {**role_ref, "kind": "ClusterRole", "name": f"{namespace}-clusterrole"}},
            scoped=False,
        ),
        kind("storage.k8s.io/v1:StorageClass", "StorageClass", _label, {"provisioner": "example.com/none"}, scoped=False),
        kind(
            "apiextensions.k8s.io/v1:CustomResourceDefinition",
            "CustomResourceDefinition",
            _set("spec", "names", "shortNames", to=["wdg"]),
            {"spec": {"group": group, "scope": "Namespaced", "names": names, "versions": versions}},
            scoped=False,
            metadata={"name": f"widgets.{group}"},
        ),
        kind(
            f"{group}/v1:Widget",
            "Widget",
            _set("spec", "size", to=2),
            {"spec": {"size": 1, "parts": [{"name": "a"}]}},
            after=("CustomResourceDefinition",),
            drift={"spec": {"size": 3}},
        ),
    ]
    release = {"name": "tiny", "namespace": namespace, "chart": str(chart), "values": {"greeting": "hello", "password": PASSWORD}}
    listed.append(
        Kind(
            Resource("Release", "kubernetes:helm.sh/v3:Release", release, after=("Namespace",), secret=("values",)),
            "ConfigMap",
            _set("values", "greeting", to="good day"),
            {},
        )
    )
    return listed


def write_chart(folder: Path, version: str = "0.1.0") -> Path:
    """A chart with one ConfigMap, and one hook so that Helm itself must have run."""
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: tiny\nversion: {version}\n")
    (folder / "values.yaml").write_text("greeting: hi\n")
    text = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "{{ .Release.Name }}%s"%s\ndata:\n  greeting: "{{ .Values.greeting }}"\n'
    (folder / "templates" / "greeting.yaml").write_text(text % ("", ""))
    (folder / "templates" / "hook.yaml").write_text(text % ("-hook", '\n  annotations: {"helm.sh/hook": post-install}'))
    return folder
