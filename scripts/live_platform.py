"""Changes of the platform that the running cluster cannot follow. The program sees only the wanted state; this module also reads the
cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.platform import client_traffic, minio_servers
from scripts.live_state import Object, get
from stacks.config import StackConfig
from stacks.config.platform import MinioConfig

MIGRATION = "docs/runbooks/other-drives.md"
GATEWAYS = "gateways.gateway.networking.k8s.io"
"""One CRD of the Gateway API, which represents all of them."""
BUNDLE = "gateway.networking.k8s.io/bundle-version"
"""Annotation of each Gateway API CRD with its release."""

PULUMI = "pulumi-kubernetes"
"""Prefix of the field managers of objects that Pulumi created."""


def refusals(config: StackConfig, environment: Mapping[str, str]) -> list[str]:
    """Return what `make preview` and `make up` refuse now, each reason with its key. Raises DriverError if the cluster does not answer."""
    servers = get(environment, minio_servers.NAMESPACE, "statefulsets.apps", minio_servers.NAME)
    names = (GATEWAYS, client_traffic.DEFINITION)
    found = get(environment, None, "customresourcedefinitions.apiextensions.k8s.io", *names, "--show-managed-fields")
    return [*other_drives(config, servers), *definitions_of_others(config, found["items"] if found else [])]


def other_drives(config: StackConfig, servers: Object | None) -> list[str]:
    """`servers`: the StatefulSet of the model store in the cluster, one drive each. MinIO starts only with the same set of drives."""
    store = config.model_store
    if servers is None or not isinstance(store, MinioConfig) or not store.enabled:
        return []
    there = servers["spec"].get("replicas", 1)
    if there == store.replicas:
        return []
    return [
        f"modelStore.replicas: the store in the cluster has {there}, the stack file says {store.replicas}; MinIO does not start on another "
        f"set of drives than the one that holds its data. Put {there} back, or migrate: copy the bucket out, remove the store, bring it "
        f"up anew, copy the bucket back ({MIGRATION})"
    ]


def definitions_of_others(config: StackConfig, definitions: Sequence[Object]) -> list[str]:
    """`definitions`: CRDs in the cluster with their managed fields. A distribution such as k3s may have installed them."""
    parts = {
        GATEWAYS: ("gatewayApi", config.gateway_api.enabled),
        client_traffic.DEFINITION: ("envoyGateway", config.envoy_gateway.enabled),
    }
    reasons = []
    for metadata in (definition["metadata"] for definition in definitions):
        key, enabled = parts[metadata["name"]]
        managers = sorted({entry["manager"] for entry in metadata.get("managedFields") or [] if "manager" in entry})
        if enabled and not any(manager.startswith(PULUMI) for manager in managers):
            release = metadata.get("annotations", {}).get(BUNDLE, "of an unknown release")
            reasons.append(
                f"{key}.enabled: the cluster has {metadata['name']} already ({release}, installed by {', '.join(managers) or 'others'}), "
                f'and installing it would end with "already exists". Set {key}.enabled: false, and the platform uses what is there'
            )
    return reasons
