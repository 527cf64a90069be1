"""Objects that each rule over Kubernetes accepts or refuses; those for rules over serving are in serving_cases.py."""

from __future__ import annotations

from collections.abc import Mapping

from tests.policies import serving_cases
from tests.policies.analyzer_harness import UNKNOWN
from tests.policies.case import Cases, one
from tests.policies.objects import (
    DIGEST,
    GPU,
    IMAGE,
    NODES,
    REMOVED,
    autoscaler,
    binding,
    budget,
    config_map,
    container,
    definition,
    deployment,
    envoy,
    managed_model,
    model,
    namespace,
    network_policy,
    release,
    role,
    service,
    workload,
)

FIRST = "spec.template.spec.containers[0]"
GPUS = {"resources": {"requests": {GPU: "1"}, "limits": {GPU: "1"}}}
INTERNAL = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}


CASES: Mapping[str, Cases] = {
    "image-tag-fixed": Cases(
        one(container(), container(image=f"registry.k8s.io/thing{DIGEST}"), release(), config_map(**{"queue-sidecar-image": IMAGE})),
        {
            "containers[0].image: registry.k8s.io/thing:latest is a tag that moves": [container(image="registry.k8s.io/thing:latest")],
            "registry.k8s.io:5000/thing has neither": [container(image="registry.k8s.io:5000/thing")],
            "values.image: registry.k8s.io/thing has neither": [release({"image": {"repository": "registry.k8s.io/thing"}})],
            "values.server.sidecarImage: thing:v1-latest": [release({"server": {"sidecarImage": "thing:v1-latest"}})],
            "values.storage: thing:latest": [release({"storage": {"image": "thing", "tag": "latest"}})],
            "data.queue-sidecar-image: queue:latest": [config_map(**{"queue-sidecar-image": "queue:latest"})],
            "primaryContainer.image: ml:latest": [managed_model("ml:latest")],
            "container: envoy:latest": [envoy(**{"envoyDeployment.container.image": "envoy:latest"})],
        },
        [container(image=UNKNOWN)],
    ),
    "image-digest": Cases(
        one(container(), release({"image": {"registry": "quay.io", "repository": "thing", "tag": "1", "sha": "0" * 64}})),
        {
            "registry.k8s.io/thing:1.0 has no digest": [container(image="registry.k8s.io/thing:1.0")],
            "primaryContainer.image: ml:1 has no digest": [managed_model("ml:1")],
            "values.image: quay.io/thing:1 has no digest": [release({"image": {"registry": "quay.io", "repository": "thing", "tag": "1"}})],
        },
        [release({"image": {"repository": "thing", "tag": UNKNOWN}})],
    ),
    "image-registry": Cases(
        one(container(), container(image=f"account.dkr.ecr.eu-central-1.amazonaws.com/thing:1{DIGEST}")),
        {
            "evil.example/thing:1 comes from a registry that is not on the list": [container(image="evil.example/thing:1")],
            "evil.example/.dkr.ecr./thing:1 comes from": [container(image="evil.example/.dkr.ecr./thing:1")],
            "values.image: evil.example/thing:1": [release({"image": {"registry": "evil.example", "repository": "thing", "tag": "1"}})],
        },
        [container(image=UNKNOWN)],
    ),
    "resources-said": Cases(
        one(container(), model()),
        {
            "containers[0].resources.limits has no memory": [container(**{"resources.limits": {"cpu": "1"}})],
            "containers[0].resources.requests has no cpu": [container(**{"resources.requests": {"memory": "1Gi"}})],
            "predictor.model.resources.requests has no memory": [model(**{"model.resources.requests": {"cpu": "1"}})],
        },
        [container(**{"resources.limits.memory": UNKNOWN})],
    ),
    "gpu-whole-and-equal": Cases(
        one(container(**GPUS), model(), container()),
        {
            f"asks for 1 {GPU} and is limited to 2": [model(**{"model.resources.limits": {GPU: "2"}})],
            f"asks for 1 {GPU} and is limited to nothing": [model(**{"model.resources.limits": {"memory": "1Gi"}})],
            f"0.5 {GPU} is not a whole number": [container(resources={"requests": {GPU: "0.5"}, "limits": {GPU: "0.5"}})],
        },
        [container(resources={"limits": {GPU: UNKNOWN}})],
    ),
    "gpu-pod-placed": Cases(
        one(model(), container(), deployment(**NODES, **{"containers[0].resources": GPUS["resources"]})),
        {
            "selects no GPU nodes": [model(nodeSelector={})],
            f"does not tolerate the GPU nodes' taint {GPU}": [model(tolerations=[{"key": "other", "operator": "Exists"}])],
        },
        [model(tolerations=UNKNOWN)],
    ),
    "pod-non-root": Cases(
        one(container(), model(), container(securityContext={"runAsNonRoot": True, "runAsUser": 1000})),
        {
            "containers[0] may run as root": [deployment(securityContext={})],
            "spec.template.spec.containers[0] may run": [container(**{"securityContext.runAsUser": 0})],
            "spec.predictor may run as root": [model(securityContext={})],
        },
        [deployment(**{"securityContext.runAsNonRoot": UNKNOWN})],
    ),
    "container-no-escalation": Cases(
        one(container()),
        {
            "does not refuse privilege escalation": [container(**{"securityContext.allowPrivilegeEscalation": REMOVED})],
            "containers[0].securityContext does not refuse": [container(**{"securityContext.allowPrivilegeEscalation": True})],
        },
        [container(securityContext=UNKNOWN)],
    ),
    "container-no-capabilities": Cases(
        one(container(), container(**{"securityContext.capabilities.add": ["NET_BIND_SERVICE"]})),
        {
            "does not drop ALL": [container(**{"securityContext.capabilities": {"drop": ["NET_RAW"]}})],
            "adds SYS_ADMIN": [container(**{"securityContext.capabilities.add": ["SYS_ADMIN"]})],
        },
        [container(**{"securityContext.capabilities.drop": [UNKNOWN]})],
    ),
    "pod-seccomp": Cases(
        one(container(), model()),
        {
            "containers[0] has no seccomp profile": [deployment(**{"securityContext.seccompProfile": REMOVED})],
            "spec.predictor.securityContext has no": [model(**{"securityContext.seccompProfile": {"type": "Unconfined"}})],
        },
        [deployment(**{"securityContext.seccompProfile.type": UNKNOWN})],
    ),
    "container-not-privileged": Cases(
        one(container(), workload(**{"metadata.namespace": "gpu-operator", f"{FIRST}.securityContext.privileged": True})),
        {"is privileged, in the namespace things": [container(**{"securityContext.privileged": True})]},
        [container(**{"securityContext.privileged": UNKNOWN})],
    ),
    "pod-off-the-host": Cases(
        one(container()),
        {
            "spec.template.spec.volumes[1] is a path of the node": [deployment(volumes=[{"name": "a"}, {"hostPath": {"path": "/"}}])],
            "spec.template.spec.hostNetwork is true": [deployment(hostNetwork=True)],
        },
        [deployment(volumes=[UNKNOWN])],
    ),
    "readiness-probed": Cases(
        one(container(), deployment(initContainers=[{"name": "before", "image": IMAGE}])),
        {"containers[0] has no readinessProbe": [container(readinessProbe=REMOVED)]},
        [container(readinessProbe=UNKNOWN)],
    ),
    "env-no-secret": Cases(
        one(container(), container(env=[{"name": "TOKEN_FILE", "value": "/token"}, {"name": "PASSWORD", "value": ""}])),
        {
            "env[0]: DB_PASSWORD has its value in the clear": [container(env=[{"name": "DB_PASSWORD", "value": "hunter2"}])],
            "env[0]: KEY_ID has its value": [container(env=[{"name": "KEY_ID", "value": "AKIA" + "A" * 16}])],
        },
        [container(env=[{"name": "DB_PASSWORD", "value": UNKNOWN}])],
    ),
    "replicas-spread": Cases(
        one(workload(), workload(**{"spec.replicas": 1, "spec.template.spec.topologySpreadConstraints": REMOVED})),
        {"its 2 replicas may all land on one node": [deployment(topologySpreadConstraints=REMOVED)]},
        [workload(**{"spec.replicas": UNKNOWN})],
    ),
    "replicas-budgeted": Cases(
        [[workload(), budget()], [workload(**{"spec.replicas": 1})]],
        {
            "no PodDisruptionBudget selects its 2 pods": [workload()],
            "no PodDisruptionBudget selects its": [workload(), budget(**{"metadata.namespace": "others"})],
            "PodDisruptionBudget selects its 2 pods: a drained node": [
                workload(),
                budget(**{"spec.selector.matchLabels": {"app": "other"}}),
            ],
        },
        [workload(), budget(**{"spec.selector": UNKNOWN})],
    ),
    "data-fenced": Cases(
        [[workload("StatefulSet"), network_policy()], [workload()]],
        {
            "no NetworkPolicy selects its pods in the namespace things": [workload("StatefulSet")],
            "every pod of the cluster reaches its data": [workload("StatefulSet"), network_policy(**{"metadata.namespace": "others"})],
        },
        [workload("StatefulSet"), network_policy(**{"spec.podSelector": UNKNOWN})],
    ),
    "namespace-pod-security": Cases(
        one(namespace("things", "restricted"), namespace("gpu-operator", "privileged"), namespace("monitoring", "privileged")),
        {
            "the namespace things has no label": [namespace("things", None)],
            "the namespace things lets privileged pods in": [namespace("things", "privileged")],
        },
        [namespace("things", UNKNOWN)],
    ),
    "configuration-no-secret": Cases(
        one(
            config_map(level="info", password=""), release(), release({"imagePullSecrets": ["registry"], "admin": {"secretName": "admin"}})
        ),
        {
            "data.adminPassword looks like a secret in the clear": [config_map(adminPassword="hunter2")],
            "values.grafana.adminPassword looks like a secret": [release({"grafana": {"adminPassword": "hunter2"}})],
            "values.tokens[1].value looks like": [release({"tokens": [{"name": "a"}, {"value": "hf_" + "a" * 34}]})],
        },
        [release({"grafana": {"adminPassword": UNKNOWN}})],
    ),
    "controllers-replicated": Cases(
        one(
            workload(),
            autoscaler(),
            envoy(),
            release(),
            workload(**{"spec.replicas": REMOVED}),
            release({"replicaCount": 1}, name="cluster-autoscaler"),
        ),
        {
            "spec.replicas is 1; prod needs at least 2": [workload(**{"spec.replicas": 1})],
            "spec.minReplicas is 1": [autoscaler(**{"spec.minReplicas": 1})],
            "envoyDeployment.replicas is 1": [envoy(**{"envoyDeployment.replicas": 1})],
            "values.webhook.replicaCount is 1": [release({"webhook": {"replicaCount": 1}})],
        },
        [workload(**{"spec.replicas": UNKNOWN})],
    ),
    "service-not-public": Cases(
        one(
            service("ClusterIP"),
            service("LoadBalancer", **INTERNAL),
            envoy(),
            envoy(envoyService={"type": "LoadBalancer", "annotations": INTERNAL}),
        ),
        {
            "spec.type makes a load balancer that answers the internet": [service("LoadBalancer")],
            "spec.type opens a port on every node": [service("NodePort")],
            "provider.kubernetes.envoyService.type makes": [envoy(envoyService={"type": "LoadBalancer"})],
        },
        [service(UNKNOWN)],
    ),
    "release-pinned": Cases(
        one(release()),
        {f"{field} is not set": [release(**{field: REMOVED})] for field in ("name", "version", "timeout")},
        [release(version=UNKNOWN)],
    ),
    "definitions-protected": Cases(one(definition(True)), {"can be destroyed": [definition(False)]}, []),
    "data-protected": Cases(one(workload("StatefulSet")), {"can be destroyed": [workload("StatefulSet", False)]}, []),
    "role-bounded": Cases(
        one(role({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]}), binding("view")),
        {
            "rules[0] allows everything": [role({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]})],
            "roleRef binds cluster-admin": [binding("cluster-admin")],
        },
        [binding(UNKNOWN)],
    ),
    **serving_cases.CASES,
}
