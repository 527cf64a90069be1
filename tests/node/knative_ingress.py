"""The least of Knative that its ingress on the node serves: the definition of Ingresses, and one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from bench.environment import KNATIVE_INGRESS, MIRROR
from tests.node import bench_node as node

HOST = "web.example.com"
INGRESSES = "ingresses.networking.internal.knative.dev"
TO_WEB = f"""
apiVersion: networking.internal.knative.dev/v1alpha1
kind: Ingress
metadata: {{name: web, annotations: {{networking.knative.dev/ingress.class: {KNATIVE_INGRESS["class"]}}}}}
spec:
  rules:
    - hosts: [{HOST}]
      visibility: ClusterLocal
      http: {{paths: [{{splits: [{{serviceNamespace: default, serviceName: web, servicePort: 80, percent: 100}}]}}]}}
"""


def address() -> str:
    namespace, name = KNATIVE_INGRESS["service"].split("/")
    return str(node.kubectl.json("-n", namespace, "get", "service", name)["spec"]["clusterIP"])


@contextmanager
def to_web() -> Iterator[None]:
    """The definition and an Ingress that leads to the Service `web`; both are gone afterwards."""
    node.kubectl("apply", "--server-side", "-f", "-", stdin=_definition())
    try:
        node.kubectl("wait", "--for=condition=Established", f"crd/{INGRESSES}", "--timeout=30s")
        node.kubectl("apply", "-f", "-", stdin=TO_WEB)
        yield
    finally:
        node.kubectl("delete", "crd", INGRESSES, "--timeout=60s")


def _definition() -> str:
    documents = yaml.safe_load_all(next((MIRROR / "manifests").glob("serving-core-*.yaml")).read_text())
    return yaml.safe_dump(next(document for document in documents if document and document["metadata"]["name"] == INGRESSES))
