"""Rules for the platform's objects: images and pods first (images.py, containers.py), then the objects around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.rules import containers, images
from policies.rules.images import CONFIG_MAP, RELEASE
from policies.rules.pods import namespace
from policies.rules.resource import Resource, value_at
from policies.rules.rule import Rule, StackRule
from policies.rules.secrets import secrets_in
from policies.rules.services import SERVICE, services
from policies.settings import Settings

NAMESPACE = "kubernetes:core/v1:Namespace"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
ROLES = ("kubernetes:rbac.authorization.k8s.io/v1:Role", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
BINDINGS = ("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding")
ENFORCE = "pod-security.kubernetes.io/enforce"
REPLICAS = ("replicas", "replicaCount")
INTERNAL = "service.beta.kubernetes.io/aws-load-balancer-scheme"


def _spread(resource: Resource, _settings: Settings) -> Iterator[str]:
    if resource.get("spec.replicas", 1) > 1 and not resource.get("spec.template.spec.topologySpreadConstraints"):
        yield f"its {resource.get('spec.replicas'):g} replicas may all land on one node: no topologySpreadConstraints"


def _budgets(resources: Sequence[Resource], _settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    selectors = [(namespace(each), _labels(each, "spec.selector.matchLabels")) for each in resources if each.type == BUDGET]
    for workload in resources:
        if workload.type == BUDGET or workload.get("spec.replicas", 1) <= 1:
            continue
        if not _selected(workload, selectors):
            yield f"no PodDisruptionBudget selects its {workload.get('spec.replicas'):g} pods: a drained node may take them all", workload


def _network_policies(resources: Sequence[Resource], _settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    selectors = [(namespace(each), _labels(each, "spec.podSelector.matchLabels")) for each in resources if each.type == NETWORK_POLICY]
    for store in resources:
        if store.type == STATEFUL_SET and not _selected(store, selectors):
            yield f"no NetworkPolicy selects its pods in the namespace {namespace(store)}: every pod of the cluster reaches its data", store


def _selected(workload: Resource, selectors: Sequence[tuple[str, Mapping[str, Any]]]) -> bool:
    labels = _labels(workload, "spec.template.metadata.labels")
    return any(where == namespace(workload) and selector.items() <= labels.items() for where, selector in selectors)


def _labels(resource: Resource, path: str) -> dict[str, Any]:
    return dict(resource.get(path, {}))


def _pod_security(resource: Resource, settings: Settings) -> Iterator[str]:
    name, level = resource.get("metadata.name", resource.name), _labels(resource, "metadata.labels").get(ENFORCE)
    if level is None:
        yield f"the namespace {name} has no label {ENFORCE}: any pod may do anything there"
    elif level == "privileged" and name not in settings.privileged_namespaces | settings.host_path_namespaces:
        yield f"the namespace {name} lets privileged pods in, and is no namespace of agents"


def _no_secret(resource: Resource, _settings: Settings) -> Iterator[str]:
    for field in ("data", "values"):
        for path in secrets_in(resource.get(field, {}), field):
            yield f"{path} looks like a secret in the clear"


def _enough_replicas(resource: Resource, settings: Settings) -> Iterator[str]:
    if resource.get("metadata.name", resource.get("name")) in settings.single_replica:
        return
    for path, replicas in _replicas(resource):
        if replicas < settings.min_controller_replicas:
            yield f"{path} is {replicas:g}; {settings.environment} needs at least {settings.min_controller_replicas}"


def _replicas(resource: Resource) -> Iterator[tuple[str, float]]:
    if resource.type == RELEASE:
        yield from _in_values(resource.get("values", {}), "values")
        return
    path = "spec.minReplicas" if resource.type == AUTOSCALER else "spec.replicas"
    # A Deployment without replicas leaves them to its autoscaler, which is checked itself.
    replicas = resource.get(path, None if resource.type == DEPLOYMENT else 1)
    if replicas is not None:
        yield path, replicas


def _in_values(values: Mapping[str, Any], path: str) -> Iterator[tuple[str, float]]:
    for key in values:
        value = values[key]
        if isinstance(value, Mapping):
            yield from _in_values(value, f"{path}.{key}")
        elif key in REPLICAS and isinstance(value, int | float):
            yield f"{path}.{key}", value


def _not_exposed(resource: Resource, _settings: Settings) -> Iterator[str]:
    for service in services(resource):
        if service.kind == "NodePort":
            yield f"{service.path} opens a port on every node"
        elif service.kind == "LoadBalancer" and service.annotations.get(INTERNAL) != "internal":
            yield f"{service.path} makes a load balancer that answers the internet"


def _pinned(resource: Resource, _settings: Settings) -> Iterator[str]:
    for field, without in (
        ("name", "Pulumi would generate one, which appears in every name of the chart"),
        ("version", "whichever chart is newest would be installed"),
        ("timeout", "the time limit of a failing install would be a default"),
    ):
        if not resource.get(field):
            yield f"{field} is not set: {without}"


def _protected(resource: Resource, settings: Settings) -> Iterator[str]:
    if settings.protect_data and not resource.protect:
        yield "can be destroyed together with its content"


def _no_omnipotence(resource: Resource, _settings: Settings) -> Iterator[str]:
    if resource.get("roleRef.name") == "cluster-admin":
        yield "roleRef binds cluster-admin"
    for position, rule in enumerate(resource.get("rules", [])):
        if all("*" in value_at(rule, field, []) for field in ("apiGroups", "resources", "verbs")):
            yield f"rules[{position}] allows everything"


RULES: tuple[Rule | StackRule, ...] = (
    *images.RULES,
    *containers.RULES,
    Rule(
        name="replicas-spread",
        title="Replicas are spread over nodes and zones",
        why="Two replicas on one node fail together: twice the price for the safety of one.",
        fix="Set topologySpreadConstraints (components/scheduling.py makes them from `replicas`).",
        severity="medium",
        types=(DEPLOYMENT, STATEFUL_SET),
        check=_spread,
        reference="https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/",
    ),
    StackRule(
        name="replicas-budgeted",
        title="Replicas have a PodDisruptionBudget",
        why="A node group's upgrade drains nodes; without a budget it can drain all replicas at once.",
        fix="Add a PodDisruptionBudget with the workload's selector.",
        severity="medium",
        types=(DEPLOYMENT, STATEFUL_SET, BUDGET),
        check=_budgets,
        reference="https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
    ),
    StackRule(
        name="data-fenced",
        title="Pods with data are behind a NetworkPolicy",
        why="The store contains every model, and only its clients need to reach it.",
        fix="Add a NetworkPolicy that selects the pods and names their clients.",
        severity="high",
        types=(STATEFUL_SET, NETWORK_POLICY),
        check=_network_policies,
        reference="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    ),
    Rule(
        name="namespace-pod-security",
        title="A namespace enforces a pod security level",
        why="The API server's admission is the last check for a pod that no policy here has seen.",
        fix="Give the namespace RESTRICTED of components/pods.py; agents' namespaces are in policies/settings.py.",
        severity="high",
        types=(NAMESPACE,),
        check=_pod_security,
        reference="https://kubernetes.io/docs/concepts/security/pod-security-admission/",
    ),
    Rule(
        name="configuration-no-secret",
        title="No ConfigMap and no Release's values contain a secret in the clear",
        why="Many users can read both, and Helm stores a Release's values again.",
        fix="Keep the value in a Secret and give its name (charts: `existingSecret`).",
        severity="critical",
        types=(CONFIG_MAP, RELEASE),
        check=_no_secret,
        reference="https://kubernetes.io/docs/concepts/configuration/secret/",
    ),
    Rule(
        name="controllers-replicated",
        title="In prod, every controller and store has several replicas",
        why="With one replica, every upgrade of its node is an outage; for a webhook, the API refuses its objects meanwhile.",
        fix="Set `replicas: 2` or more for the component in the stack file.",
        severity="high",
        types=(DEPLOYMENT, STATEFUL_SET, AUTOSCALER, RELEASE),
        check=_enough_replicas,
    ),
    Rule(
        name="service-not-public",
        title="No Service is reachable from the internet",
        why="Models have no authentication of their own; users reach them through the gateway.",
        fix="Use ClusterIP, or `exposure: internal` for an internal load balancer.",
        severity="critical",
        types=(SERVICE, RELEASE),
        check=_not_exposed,
        reference="https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/",
    ),
    Rule(
        name="release-pinned",
        title="A Release has a name, a version and a timeout",
        why="The same program must install the same chart under the same name, and report a failure in time.",
        fix="Build it with components/helm.py from a pin of components/versions.py.",
        severity="high",
        types=(RELEASE,),
        check=_pinned,
    ),
    Rule(
        name="definitions-protected",
        title="In prod, CRDs cannot be destroyed",
        why="Deleting a CRD deletes all objects of its kind, which means every served model.",
        fix="Set `safeguards.protect: true` in the stack file.",
        severity="critical",
        types=(DEFINITION,),
        check=_protected,
    ),
    Rule(
        name="data-protected",
        title="In prod, a workload with volumes cannot be destroyed",
        why="The cluster has no other copy of the models in the store.",
        fix="Set `safeguards.protect: true` in the stack file.",
        severity="critical",
        types=(STATEFUL_SET,),
        check=_protected,
    ),
    Rule(
        name="role-bounded",
        title="No role allows everything, and none binds cluster-admin",
        why="Anyone who breaks into a controller's pod gets all of its rights.",
        fix="List the required API groups, resources and verbs.",
        severity="critical",
        types=(*ROLES, *BINDINGS),
        check=_no_omnipotence,
        reference="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
    ),
)
