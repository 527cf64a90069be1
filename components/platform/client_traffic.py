"""Handling of clients' requests at the gateway: Envoy Gateway's ClientTrafficPolicy and its CRD.

A name with the root's dot at its end (`<service>.default.svc.cluster.local.`) is the same name (RFC 3986, section 3.2.2), and clients
send it as Host. Envoy compares hosts literally and would answer 404; an HTTPRoute cannot contain the dot (envoyproxy/gateway#8832).
"""

from __future__ import annotations

from typing import Any

GROUP, VERSION, KIND = "gateway.envoyproxy.io", "v1alpha1", "ClientTrafficPolicy"
PLURAL = "clienttrafficpolicies"
DEFINITION = f"{PLURAL}.{GROUP}"


def definition() -> dict[str, Any]:
    """The CRD without the schema of its fields, which the controller checks as well; upstream's schema has 120 KB.

    docs/adr/0008-crds-without-prose.md says why size matters. The names are upstream's
    (envoyproxy/gateway:charts/gateway-helm/charts/crds/crds/generated@v1.9.1).
    """
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"openAPIV3Schema": {"type": "object", "required": ["spec"], "properties": {"spec": anything, "status": anything}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": DEFINITION},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": KIND, "listKind": f"{KIND}List", "plural": PLURAL, "singular": KIND.lower(), "shortNames": ["ctp"]},
            "versions": [{"name": VERSION, "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}],
        },
    }


def without_root_dot(gateway: str) -> dict[str, Any]:
    """The policy that removes the dot before the gateway looks for a route."""
    return {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway}],
        "headers": {"host": {"stripTrailingHostDot": True}},
    }
