"""Objects that hold every rule, and small changes to them: what a test breaks is the only thing wrong with it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.policies.analyzer_harness import Registered

DIGEST = "@sha256:" + "0" * 64
IMAGE = f"registry.k8s.io/thing:1.0{DIGEST}"
LABELS = {"app": "thing"}
GPU = "nvidia.com/gpu"
REMOVED = object()

CONTAINER: dict[str, Any] = {
    "name": "main",
    "image": IMAGE,
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
    "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "thing", "key": "password"}}}, {"name": "LEVEL", "value": "info"}],
}
POD: dict[str, Any] = {
    "containers": [CONTAINER],
    "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
    "topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname"}],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}
WORKLOAD: dict[str, Any] = {
    "metadata": {"name": "thing", "namespace": "things"},
    "spec": {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": {"metadata": {"labels": LABELS}, "spec": POD}},
}
NODES = {"nodeSelector": {"workload-type": "inference"}, "tolerations": [{"key": GPU, "operator": "Exists"}]}
PREDICTOR: dict[str, Any] = {
    "minReplicas": 1,
    "maxReplicas": 2,
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    **NODES,
    "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    "model": {
        "storageUri": "s3://models/thing",
        "resources": {"requests": {"cpu": "1", "memory": "1Gi", GPU: "1"}, "limits": {"memory": "1Gi", GPU: "1"}},
    },
}
TRIGGER: dict[str, Any] = {"type": "prometheus", "metadata": {"query": "sum(rate(a[1m]))", "threshold": "4", "ignoreNullValues": "false"}}
ENVOY = "config.envoyGateway.envoyProxy.provider.kubernetes"


def changed(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`a.b[0].c` as in a rule's message. REMOVED takes the key away."""
    values = deepcopy(values)
    for path, value in changes.items():
        *parents, last = path.replace("[", ".").replace("]", "").split(".")
        place: Any = values
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        if value is REMOVED:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return values


def made(type_token: str, values: dict[str, Any], changes: dict[str, Any], protect: bool = True) -> Registered:
    return Registered(type_token, "thing", changed(values, changes), protect)


def deployment(**changes: Any) -> Registered:  # noqa: ANN401
    """Keys are of the pod's spec."""
    return made("kubernetes:apps/v1:Deployment", WORKLOAD, {f"spec.template.spec.{path}": value for path, value in changes.items()})


def container(**changes: Any) -> Registered:  # noqa: ANN401
    """Keys are of the container."""
    return deployment(**{f"containers[0].{path}": value for path, value in changes.items()})


def workload(kind: str = "Deployment", protect: bool = True, /, **changes: Any) -> Registered:  # noqa: ANN401
    return made(f"kubernetes:apps/v1:{kind}", WORKLOAD, changes, protect)


def budget(**changes: Any) -> Registered:  # noqa: ANN401
    values = {"metadata": {"name": "thing", "namespace": "things"}, "spec": {"selector": {"matchLabels": LABELS}, "maxUnavailable": 1}}
    return made("kubernetes:policy/v1:PodDisruptionBudget", values, changes)


def network_policy(**changes: Any) -> Registered:  # noqa: ANN401
    values = {"metadata": {"name": "thing", "namespace": "things"}, "spec": {"podSelector": {"matchLabels": LABELS}}}
    return made("kubernetes:networking.k8s.io/v1:NetworkPolicy", values, changes)


def namespace(name: str, level: str | None) -> Registered:
    labels = {} if level is None else {"pod-security.kubernetes.io/enforce": level}
    return Registered("kubernetes:core/v1:Namespace", name, {"metadata": {"name": name, "labels": labels}})


def release(values: dict[str, Any] | None = None, /, **changes: Any) -> Registered:  # noqa: ANN401
    """`values`: of the chart, instead of those here."""
    chart = {
        "image": {"repository": "registry.k8s.io/thing", "tag": f"1.0{DIGEST}"},
        "replicaCount": 2,
        "admin": {"existingSecret": "admin"},
    }
    release = {"name": "thing", "version": "1.0", "timeout": 300, "values": chart if values is None else values}
    return made("kubernetes:helm.sh/v3:Release", release, changes)


def config_map(**data: Any) -> Registered:  # noqa: ANN401
    return Registered("kubernetes:core/v1:ConfigMap", "thing", {"metadata": {"name": "thing"}, "data": data})


def service(kind: str, **annotations: str) -> Registered:
    return Registered("kubernetes:core/v1:Service", "thing", {"metadata": {"annotations": annotations}, "spec": {"type": kind}})


def envoy(**changes: Any) -> Registered:  # noqa: ANN401
    """A release whose values describe proxies. Keys are of `ENVOY`."""
    fields = {"envoyDeployment": {"replicas": 2, "container": {"image": IMAGE}}, "envoyService": {"type": "ClusterIP"}}
    values = {"config": {"envoyGateway": {"envoyProxy": {"provider": {"kubernetes": fields}}}}}
    return release(values, **{f"values.{ENVOY}.{path}": new for path, new in changes.items()})


def autoscaler(target: str = "thing", /, **changes: Any) -> Registered:  # noqa: ANN401
    values = {
        "metadata": {"name": "thing", "namespace": "things"},
        "spec": {"minReplicas": 2, "maxReplicas": 4, "scaleTargetRef": {"name": target}},
    }
    return made("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", values, changes)


def definition(protect: bool) -> Registered:
    return Registered("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "things", {"metadata": {"name": "things"}}, protect)


def role(*rules: dict[str, list[str]]) -> Registered:
    return Registered("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "thing", {"rules": list(rules)})


def binding(of: str) -> Registered:
    return Registered("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", "thing", {"roleRef": {"name": of}})


def managed_model(image: str) -> Registered:
    return Registered("aws:sagemaker/model:Model", "managed", {"primaryContainer": {"image": image}})


def model(mode: str | None = "Standard", namespace: str = "things", autoscaler: str = "external", /, **predictor: Any) -> Registered:  # noqa: ANN401
    """Keys are of the predictor."""
    annotations = {"serving.kserve.io/autoscalerClass": autoscaler} | ({"serving.kserve.io/deploymentMode": mode} if mode else {})
    values = {"metadata": {"name": "thing", "namespace": namespace, "annotations": annotations}, "spec": {"predictor": PREDICTOR}}
    changes = {f"spec.predictor.{path}": value for path, value in predictor.items()}
    return made("kubernetes:serving.kserve.io/v1beta1:InferenceService", values, changes)


def on_cpu(**predictor: Any) -> Registered:  # noqa: ANN401
    """In Knative mode, which has canaries."""
    resources = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}
    return model("Knative", **{"model.resources": resources}, **predictor)


def scaled_object(**changes: Any) -> Registered:  # noqa: ANN401
    """Keys are of the spec."""
    spec = {
        "scaleTargetRef": {"name": "thing-predictor"},
        "minReplicaCount": 1,
        "maxReplicaCount": 2,
        "fallback": {"replicas": 1, "failureThreshold": 3},
        "triggers": [TRIGGER],
    }
    values = {"metadata": {"name": "thing", "namespace": "things"}, "spec": spec}
    return made("kubernetes:keda.sh/v1alpha1:ScaledObject", values, {f"spec.{path}": value for path, value in changes.items()})


def route(*weights: float | None) -> Registered:
    backends = [{"name": "thing", "port": 80} | ({} if weight is None else {"weight": weight}) for weight in weights]
    return Registered("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "thing", {"spec": {"rules": [{"backendRefs": backends}]}})
