"""An API server without nodes and controllers: enough to ask it what it would accept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from kubernetes import config

from bench.node import addons, stages
from bench.paths import Instance
from bench.plugins.kubernetes.cluster import Cluster
from bench.plugins.kubernetes.errors import ApiError
from bench.plugins.kubernetes.tokens import Gvk
from tests import nodes
from tests.node import upstream_crds
from tests.waiting import wait_for

Object = dict[str, Any]

APPLY = "application/apply-patch+yaml"
WORKERS = 8
"""More only wait for one another: the API server has two cores here."""


@contextmanager
def running(instance: Instance) -> Iterator[Cluster]:
    """The API server of this node and what it needs, removed again at the end."""
    try:
        pki = stages.prepare(instance)
        stages.start_foundations(instance, pki)
        stages.start_api(instance, pki)
        stages.bind_admins(instance, pki, addons.Kubectl(instance))
        yield connect(instance)
    finally:
        removed = nodes.bench(instance, "down")
        assert removed.returncode == 0, removed.stdout


def connect(instance: Instance) -> Cluster:
    return Cluster(config.new_client_from_config(str(instance.kubeconfig)))  # type: ignore[no-untyped-call]


def prepare(cluster: Cluster, objects: Iterable[Object]) -> None:
    """The namespaces that these objects stand in, and the CRDs of their kinds."""
    objects = list(objects)
    for name in {item["metadata"].get("namespace", "default") for item in objects}:
        _apply(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    kinds = {gvk(item) for item in objects}
    found = {kind: upstream_crds.definition(kind.group, kind.kind) for kind in kinds}
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda crd: _apply(cluster, crd), (crd for crd in found.values() if crd)))
    for kind in (kind for kind, crd in found.items() if crd):
        wait_for(partial(_is_served, cluster, kind), 60, f"the API server to serve {kind.kind}.{kind.group}")


def refusals(cluster: Cluster, objects: Mapping[str, Object]) -> list[str]:
    """The API server's reason for each object that it would not accept, with the object's key in front."""
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = pool.map(lambda item: _refusal(cluster, item), objects.values())
        return [f"{key}: {answer}" for key, answer in zip(objects, answers, strict=True) if answer]


def gvk(item: Object) -> Gvk:
    group, _, version = item["apiVersion"].rpartition("/")
    return Gvk(group, version, item["kind"])


def _refusal(cluster: Cluster, item: Object) -> str | None:
    try:
        _apply(cluster, item, dryRun="All", fieldValidation="Strict")
    except ApiError as error:
        return str(error)
    return None


def _apply(cluster: Cluster, item: Object, **options: str) -> None:
    path = cluster.kind(gvk(item)).path(item["metadata"].get("namespace"), item["metadata"]["name"])
    cluster.request("PATCH", path, body=item, content=APPLY, fieldManager="tests", force="true", **options)


def _is_served(cluster: Cluster, kind: Gvk) -> bool:
    try:
        cluster.find(kind, "default")
    except ApiError:
        return False
    return True
