"""The layer of every resource, and the resources that it must not outlive.

The engine creates a resource after everything it depends on, and destroys in the reverse order. An edge of either is a dependency, the
resource's provider or its parent (pulumi/pulumi:pkg/resource/graph/dependency_graph.go, DependenciesOf;
pkg/resource/deploy/step_generator.go, ScheduleDeletes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum

from tests.graph.recording import Graph, Resource


class Layer(IntEnum):
    """From the bottom up. No resource waits for one of a layer above its own."""

    GROUND = 0
    NETWORK = 1
    CONTROL_PLANE = 2
    NODES = 3
    CLUSTER = 4
    PLATFORM = 5
    OBSERVABILITY = 6
    STORE = 7
    SERVICES = 8
    ENDPOINTS = 9


OWNERS = {
    "aws:Network": Layer.NETWORK,
    "aws:EksCluster": Layer.CONTROL_PLANE,
    "aws:Addons": Layer.NODES,
    "aws:NodePool": Layer.NODES,
    "aws:GpuNodePool": Layer.NODES,
    "aws:StorageClass": Layer.CLUSTER,
    "aws:ClusterAutoscaler": Layer.PLATFORM,
    "aws:Karpenter": Layer.PLATFORM,
    "aws:KarpenterNodePool": Layer.PLATFORM,
    "platform:GatewayApi": Layer.PLATFORM,
    "platform:CertManager": Layer.PLATFORM,
    "platform:EnvoyGateway": Layer.PLATFORM,
    "platform:Knative": Layer.PLATFORM,
    "platform:Keda": Layer.PLATFORM,
    "platform:Monitoring": Layer.PLATFORM,
    "platform:GpuOperator": Layer.PLATFORM,
    "platform:KServe": Layer.PLATFORM,
    "observability:Observability": Layer.OBSERVABILITY,
    "aws:ModelBucket": Layer.STORE,
    "platform:MinioStore": Layer.STORE,
    "platform:S3Store": Layer.STORE,
    "serving:ModelPublication": Layer.STORE,
    "serving:ServingRuntime": Layer.SERVICES,
    "serving:InferenceService": Layer.SERVICES,
    "serving:SmokeCheck": Layer.SERVICES,
    "serving:Route": Layer.SERVICES,
    "aws:SageMakerEndpoint": Layer.ENDPOINTS,
}
"""Component directly below the stack → layer."""

STORES = ("platform:MinioStore", "platform:S3Store", "aws:ModelBucket")

GROUND = re.compile(
    r"pulumi:providers:aws$|random:|aws:(iam|kms|cloudwatch|s3|sqs)/|aws:ec2/(launchTemplate:LaunchTemplate|flowLog:FlowLog)$|"
    r"aws:eks/podIdentityAssociation:"
)
"""Resources that wait for their owner's inputs only: they cannot hold up the layers between. Their users wait for them."""

RIGHTS = {"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
POLICIES = {"NetworkPolicy", "PodDisruptionBudget", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
PASSIVE = {"AccessEntry", "Namespace", "ConfigMap", "Secret", "Service", "HorizontalPodAutoscaler", "StorageClass", *RIGHTS, *POLICIES}
"""Kinds that the API server and the control plane alone create and delete, without a controller of this platform."""

WORKLOADS = {"Release", "Deployment", "StatefulSet", "DaemonSet"}
DEFINITION_CHARTS = {"karpenter-crd", "kserve-crd", "prometheus-operator-crds"}
AFTER_ITS_WORKLOADS = {"Job", "APIService", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}

APIS = {
    "caching.internal.knative.dev": ("platform:Knative",),
    "gateway.envoyproxy.io": ("platform:EnvoyGateway",),
    "gateway.networking.k8s.io": ("platform:GatewayApi", "platform:EnvoyGateway"),
    "karpenter.k8s.aws": ("aws:Karpenter",),
    "karpenter.sh": ("aws:Karpenter",),
    "keda.sh": ("platform:Keda",),
    "monitoring.coreos.com": ("platform:Monitoring",),
    "serving.kserve.io": ("platform:KServe",),
}
"""API group → the components whose definitions and controllers its objects need, to be made and to be deleted."""

CERTIFIED = {"kserve-resources", "kube-prometheus-stack"}
"""Charts with Certificates in them (tests/node/test_chart_values.py renders them)."""


class Order:
    """The order of the resources, and the rules about it. Each mistake names two resources of which one does not wait for the other."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.ahead: dict[str, frozenset[str]] = {}
        for resource in graph:
            # A resource that is not registered yet raises a KeyError here: so there is no cycle, and no edge into nowhere.
            edges = [urn for urn in _edges(resource) if "::pulumi:pulumi:Stack::" not in urn]
            self.ahead[resource.urn] = frozenset(edges).union(*(self.ahead[urn] for urn in edges))
        self.custom = [resource for resource in graph if resource.custom]
        self.layers = {resource.urn: self.layer(resource) for resource in self.custom}

    def owner(self, resource: Resource) -> Resource:
        """The component directly below the stack; a provider is its own."""
        while resource.parent in self.graph.resources:
            resource = self.graph.resources[resource.parent]
        return resource

    def layer(self, resource: Resource) -> Layer:
        """Fails on a resource that the tables do not know."""
        if GROUND.match(resource.type):
            return Layer.GROUND
        if resource.type == "pulumi:providers:kubernetes":
            return Layer.CLUSTER
        return OWNERS[_short(self.owner(resource))]

    def of(self, *layers: Layer) -> list[Resource]:
        return [resource for resource in self.custom if self.layers[resource.urn] in layers]

    def owned(self, *owners: str) -> list[Resource]:
        """The resources of these components, which are directly below the stack, without those of the lowest layer."""
        return [each for each in self.custom if self.layers[each.urn] is not Layer.GROUND and _short(self.owner(each)) in owners]

    def lacking(self, later: Iterable[Resource], earlier: Iterable[Resource]) -> list[str]:
        """Every pair of them of which the first does not wait for the second."""
        before = list(earlier)
        return [f"{one.key} → {two.key}" for one in later for two in before if one is not two and two.urn not in self.ahead[one.urn]]

    def mistakes(self) -> list[str]:
        """The mistakes by all rules together; empty when creation and destruction are in order."""
        return [mistake for rule in RULES for mistake in getattr(self, rule)()]

    def upwards(self) -> Iterator[str]:
        for resource in self.custom:
            for urn in self.ahead[resource.urn]:
                if urn in self.layers and self.layers[urn] > self.layers[resource.urn] and self.layers[resource.urn] is not Layer.GROUND:
                    yield f"{resource.key} waits for {self.graph.resources[urn].key}, which is above it"

    def below_the_cluster(self) -> list[str]:
        """Network before control plane before networking add-ons before nodes before the add-ons that run on them."""
        network, control_plane = self.of(Layer.NETWORK), self.of(Layer.CONTROL_PLANE)
        networking = [each for each in self.owned("aws:Addons") if self.owner(each).name == "networking-addons"]
        running = [each for each in self.owned("aws:Addons") if each not in networking]
        system = self.owned("aws:NodePool")
        nodes = [*system, *self.owned("aws:GpuNodePool")]
        return [
            *self.lacking([*control_plane, *networking, *nodes, *running], network),
            *self.lacking([*networking, *nodes, *running], control_plane),
            *self.lacking(nodes, networking),
            *self.lacking(running, system),
        ]

    def in_the_cluster(self) -> list[str]:
        """All that goes through the API server: after nodes, add-ons and the right to use it, and gone before any of them."""
        through = [resource for resource in self.custom if "kubernetes" in resource.type.split(":")]
        below = self.of(Layer.NETWORK, Layer.CONTROL_PLANE, Layer.NODES)
        (provider,) = [resource for resource in through if resource.type.startswith("pulumi:")]
        return [*self.lacking(through, below), *self.lacking([each for each in through if each is not provider], [provider])]

    def roles(self) -> Iterator[str]:
        """A resource with a role waits for all rights of the role: without them a role is no use."""
        for role in (resource for resource in self.custom if resource.type == "aws:iam/role:Role"):
            whole = [each for each in self.custom if each.parent == role.parent]
            users = [each for each in self.custom if role.urn in each.depends_on and each.parent != role.parent]
            if not users:
                yield f"{role.key} is used by nobody"
            yield from self.lacking(users, whole)

    def identities(self) -> Iterator[str]:
        """A pod gets the identity that its account is associated with as it is made, or never, and needs it to the end."""
        for association in self.graph.of_kind("PodIdentityAssociation"):
            account = (association.inputs["namespace"], association.inputs["serviceAccount"])
            users = [resource for resource in self.custom if _account(resource) == account]
            yield from self.lacking(users, [association])
            yield from self.lacking([association], self.graph.of_kind("Cluster"))

    def namespaces(self) -> Iterator[str]:
        ours = {each.inputs["metadata"]["name"]: each for each in self.graph.of_kind("Namespace")}
        for resource in self.custom:
            name = resource.inputs.get("metadata", {}).get("namespace") or resource.inputs.get("namespace")
            if name in ours and resource.type.startswith("kubernetes:"):
                yield from self.lacking([resource], [ours[name]])

    def parts(self) -> Iterator[str]:
        """Within a part of the platform: definitions, then what runs, then what needs it running."""
        for owner in (name for name, layer in OWNERS.items() if layer is Layer.PLATFORM):
            own = self.owned(owner)
            running = [each for each in own if _runs(each)]
            needing = [each for each in own if each.kind in AFTER_ITS_WORKLOADS or _api(each)]
            yield from self.lacking([*running, *needing], filter(_defines, own))
            yield from self.lacking(needing, running)
            unknown = [each for each in own if each not in [*running, *needing] and not _defines(each) and each.kind not in PASSIVE]
            yield from (f"{each.type} of {owner} is in no table" for each in unknown)
        yield from self.lacking((each for each in self.custom if each.name in CERTIFIED), self.owned("platform:CertManager"))
        yield from self.lacking(filter(_runs, self.owned("platform:EnvoyGateway")), self.owned("platform:GatewayApi"))
        # KServe looks for these APIs only as it starts.
        others = self.owned("platform:GatewayApi", "platform:EnvoyGateway", "platform:Knative", "platform:Keda", "platform:Monitoring")
        yield from self.lacking(filter(_runs, self.owned("platform:KServe")), others)

    def apis(self) -> Iterator[str]:
        for resource in self.custom:
            if group := _api(resource):
                needed = [each for each in self.owned(*APIS[group]) if _defines(each)]
                yield from self.lacking([resource], needed)

    def services(self) -> Iterator[str]:
        """Objects that a controller makes or cleans up, and every check: after the whole platform with its gates."""
        active = [each for each in self.of(Layer.SERVICES) if each.kind not in PASSIVE]
        yield from (f"{each.type} is in no table" for each in active if each.kind != "Job" and not _api(each))
        brings_nodes = self.owned("platform:GpuOperator", "aws:ClusterAutoscaler", "aws:Karpenter", "aws:KarpenterNodePool")
        yield from self.lacking(active, [each for each in self.of(Layer.PLATFORM) if each not in brings_nodes])
        for service in (each for each in active if each.kind != "ServingRuntime"):
            yield from self.lacking([service], self._stands_on(service))

    def endpoints(self) -> list[str]:
        """SageMaker reads a model's files from the bucket whenever it starts an instance."""
        return self.lacking((each for each in self.of(Layer.ENDPOINTS) if each.type.startswith("aws:sagemaker/")), self.owned(*STORES))

    def _stands_on(self, service: Resource) -> list[Resource]:
        """A model also waits for the store, for its own files there, and for the objects that its pods need."""
        store = self.owned(*STORES)
        published = [each for each in self.owned("serving:ModelPublication") if _is_part(service, self.owner(each).name, "weights")]
        models = self.graph.of_kind("InferenceService")
        on_gpus = any(_is_part(service, f"{model.name}-", "") for model in models if "nodeSelector" in model.inputs["spec"]["predictor"])
        gpus = ("platform:GpuOperator", "aws:Karpenter", "aws:KarpenterNodePool") if on_gpus else ()
        return [*store, *published, *self.owned("aws:ClusterAutoscaler", *gpus)]


RULES = ("upwards", "below_the_cluster", "in_the_cluster", "roles", "identities", "namespaces", "parts", "apis", "services", "endpoints")


def _edges(resource: Resource) -> list[str]:
    edges = [*resource.depends_on, resource.provider.rpartition("::")[0], resource.parent]
    return [urn for urn in edges if urn]


def _short(component: Resource) -> str:
    return component.type.removeprefix("inference-platform:")


def _defines(resource: Resource) -> bool:
    return resource.kind == "CustomResourceDefinition" or resource.name in DEFINITION_CHARTS


def _runs(resource: Resource) -> bool:
    return resource.kind in WORKLOADS and not _defines(resource)


def _is_part(resource: Resource, other: str, role: str) -> bool:
    """Return whether the resource and the one that is called `<model>-<role>` are of one model."""
    return f"{resource.name}-".startswith(other.removesuffix(role))


def _api(resource: Resource) -> str | None:
    """The API group of an object that a definition of the platform describes."""
    return next((group for group in APIS if resource.type.startswith(f"kubernetes:{group}/")), None)


def _account(resource: Resource) -> tuple[str, str] | None:
    """Namespace and service account of the pods that come of it. A chart's is its name where it has rights on AWS."""
    if resource.kind == "Release":
        return resource.inputs["namespace"], resource.name
    specification = resource.inputs.get("spec") or {}
    pod = specification.get("predictor") or specification.get("template", {}).get("spec") or {}
    account = pod.get("serviceAccountName")
    return (resource.inputs["metadata"]["namespace"], account) if account else None
