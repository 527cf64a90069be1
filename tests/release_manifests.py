"""Small stand-ins for the release manifests, with the objects that the components edit, so that no test here needs a download.

That the real ones have these objects too is what tests/node/test_dry_run.py shows.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import yaml

from components import versions
from components.artifacts import Manifest

Object = dict[str, Any]

IMAGES = "gcr.io/knative-releases/stand-in"

# Every container is hardened, measured and probed, as in the real manifests.
SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
RESOURCES = {"requests": {"cpu": "100m", "memory": "100Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
PROBES = {f"{kind}Probe": {"httpGet": {"path": "/", "port": 8080}} for kind in ("readiness", "liveness")}


def write(folder: Path) -> Path:
    """A folder for `mirror.manifests` that has all pinned manifests."""
    for name, text in _files().items():
        (folder / name).write_text(text)
    return folder


@functools.cache
def _files() -> dict[str, str]:
    """The manifests as text, made once for all folders: making YAML takes as long as half a component."""
    return {f"{pin.name}-{pin.version}.yaml": yaml.safe_dump_all(objects) for pin, objects in stand_ins()}


def stand_ins() -> list[tuple[Manifest, list[Object]]]:
    return [
        (versions.GATEWAY_API, gateway_api()),
        (versions.KNATIVE_SERVING, knative()),
        (versions.KOURIER, kourier()),
        (versions.KEDA, keda()),
    ]


def gateway_api() -> list[Object]:
    return [
        item("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "safe-upgrades", spec={"failurePolicy": "Fail"}),
        definition("gateways", "gateway.networking.k8s.io"),
        definition("httproutes", "gateway.networking.k8s.io"),
    ]


def knative() -> list[Object]:
    namespace = "knative-serving"
    return [
        item("v1", "Namespace", namespace),
        item("caching.internal.knative.dev/v1alpha1", "Image", "queue-proxy", namespace, spec={"image": image("queue")}),
        webhook("validation.webhook.serving.knative.dev", namespace),
        *(deployment(name, namespace, name) for name in ("activator", "autoscaler", "controller", "webhook")),
        *(autoscaler(name, namespace) for name in ("activator", "webhook")),
        *(budget(f"{name}-pdb", name, namespace) for name in ("activator", "webhook")),
        *(service(name, namespace) for name in ("activator-service", "webhook")),
        *(
            item("v1", "ConfigMap", f"config-{name}", namespace, data={"_example": "text\n"})
            for name in ("features", "defaults", "domain", "network", "logging", "observability")
        ),
        item("v1", "ConfigMap", "config-deployment", namespace, data={"_example": "", "queue-sidecar-image": image("queue")}),
        item("v1", "ServiceAccount", "controller", namespace),
        {
            **item("rbac.authorization.k8s.io/v1", "ClusterRole", "knative-serving-admin"),
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"serving.knative.dev/controller": "true"}}]},
            "rules": [],
        },
        definition("services", "serving.knative.dev"),
        definition("images", "caching.internal.knative.dev"),
    ]


def kourier() -> list[Object]:
    gateway, namespace = "3scale-kourier-gateway", "kourier-system"
    return [
        item("v1", "Namespace", namespace),
        deployment("net-kourier-controller", "knative-serving", "controller"),
        _gateway(gateway, namespace),
        autoscaler(gateway, namespace),
        budget(f"{gateway}-pdb", gateway, namespace),
        {**service("kourier", namespace), "spec": {"type": "LoadBalancer", "selector": {"app": gateway}}},
        service("kourier-internal", namespace),
    ]


def _gateway(name: str, namespace: str) -> Object:
    gateway = deployment(name, namespace, "kourier-gateway")
    pod = gateway["spec"]["template"]["spec"]
    pod["terminationGracePeriodSeconds"] = 30
    pod["containers"][0]["lifecycle"] = {"preStop": {"exec": {"command": ["/bin/sh", "-c", "curl localhost; sleep 15"]}}}
    return gateway


def keda() -> list[Object]:
    return [
        item("v1", "Namespace", "keda"),
        definition("scaledobjects", "keda.sh"),
        item("rbac.authorization.k8s.io/v1", "ClusterRole", "keda:view", rules=[]),
        item("v1", "ServiceAccount", "keda-operator", "keda"),
        *(service(name, "keda") for name in ("keda-operator", "keda-metrics-apiserver", "keda-admission-webhooks")),
        deployment("keda-operator", "keda", "keda-operator"),
        deployment("keda-metrics-apiserver", "keda", "keda-metrics-apiserver"),
        deployment("keda-admission", "keda", "keda-admission-webhooks"),
        item("apiregistration.k8s.io/v1", "APIService", "v1beta1.external.metrics.k8s.io", spec={"group": "external.metrics.k8s.io"}),
        webhook("keda-admission", "keda"),
    ]


def item(api_version: str, kind: str, name: str, namespace: str | None = None, **fields: object) -> Object:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def definition(plural: str, group: str) -> Object:
    return item(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}", spec={"group": group}, status={"conditions": []}
    )


def image(name: str) -> str:
    """An image by digest, as a published release names its own; nothing could pull it."""
    return f"{IMAGES}/{name}:1@sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def deployment(name: str, namespace: str, container: str) -> Object:
    server = {
        "name": container,
        "image": image(container),
        "imagePullPolicy": "Always",
        "securityContext": SECURITY,
        "resources": RESOURCES,
    }
    pod = {"nodeSelector": {"kubernetes.io/os": "linux"}, "containers": [{**server, **PROBES}]}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}}, "spec": pod}}
    return item("apps/v1", "Deployment", name, namespace, spec=spec)


def autoscaler(name: str, namespace: str) -> Object:
    spec = {"minReplicas": 1, "maxReplicas": 5, "scaleTargetRef": {"kind": "Deployment", "name": name}}
    return item("autoscaling/v2", "HorizontalPodAutoscaler", name, namespace, spec=spec)


def budget(name: str, of: str, namespace: str) -> Object:
    return item("policy/v1", "PodDisruptionBudget", name, namespace, spec={"minAvailable": "80%", "selector": {"matchLabels": {"app": of}}})


def service(name: str, namespace: str) -> Object:
    return item("v1", "Service", name, namespace, spec={"selector": {"app": name}})


def webhook(name: str, namespace: str) -> Object:
    webhooks = [{"name": name, "clientConfig": {"service": {"name": "webhook", "namespace": namespace}}}]
    return item("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", name, webhooks=webhooks)
