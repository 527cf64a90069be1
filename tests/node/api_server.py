"""An API server without nodes and controllers: enough to ask it what it would accept."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from bench.node import addons, stages
from bench.paths import Instance
from tests import nodes
from tests.node import upstream_crds
from tests.waiting import wait_for

Object = dict[str, Any]

WORKERS = 4
"""More only wait for one another: the API server has two cores here."""

APPLY = ("apply", "--server-side", "--force-conflicts", "--field-manager=tests", "--filename=-")
JUDGE = (*APPLY, "--dry-run=server", "--validate=strict")


@contextmanager
def running(instance: Instance) -> Iterator[nodes.Kubectl]:
    """The API server of this node and what it needs, removed again at the end."""
    try:
        pki = stages.prepare(instance)
        stages.start_foundations(instance, pki)
        stages.start_api(instance, pki)
        stages.bind_admins(instance, pki, addons.Kubectl(instance))
        yield nodes.Kubectl(instance)
    finally:
        removed = nodes.bench(instance, "down")
        assert removed.returncode == 0, removed.stdout


def prepare(kubectl: nodes.Kubectl, objects: Iterable[Object]) -> None:
    """The namespaces that these objects stand in, and the CRDs of their kinds."""
    objects = list(objects)
    names = sorted({item["metadata"].get("namespace", "default") for item in objects})
    found = [upstream_crds.definition(*kind) for kind in sorted({_group_and_kind(item) for item in objects})]
    crds = [crd for crd in found if crd]
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
    kubectl(*APPLY, stdin=_listed([*namespaces, *crds]))
    for crd in crds:
        plural = f"{crd['spec']['names']['plural']}.{crd['spec']['group']}"
        wait_for(partial(_is_served, kubectl, plural), 60, f"the API server to serve {plural}")


def refusals(kubectl: nodes.Kubectl, objects: Mapping[str, Object]) -> list[str]:
    """Return the API server's message for each object that it would not accept, with the object's key in front."""
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = pool.map(partial(_refusal, kubectl), objects.values())
        return [f"{key}: {answer}" for key, answer in zip(objects, answers, strict=True) if answer]


def _refusal(kubectl: nodes.Kubectl, item: Object) -> str | None:
    try:
        kubectl(*JUDGE, stdin=json.dumps(item))
    except subprocess.CalledProcessError as error:
        return str(error.stderr).strip()
    return None


def _listed(objects: list[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def _group_and_kind(item: Object) -> tuple[str, str]:
    return item["apiVersion"].rpartition("/")[0], item["kind"]


def _is_served(kubectl: nodes.Kubectl, plural: str) -> bool:
    try:
        kubectl("get", plural)
    except subprocess.CalledProcessError:
        return False
    return True
