"""Envoy Gateway: the controller that turns Gateway API objects into Envoy proxies, and the one gateway of the inference services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components import versions
from components.artifacts import Mirror
from components.base import Args, Component, labels
from components.exposure import Exposure, service_annotations, service_type
from components.helm import PlacedValues, Values, own_resources, placement, release
from components.manifest_resources import register
from components.manifests import DEFINITION, Objects, load
from components.pods import restricted_namespace
from components.scheduling import Quantities, Resources, Workload

NAMESPACE = "envoy-gateway"
GATEWAY_CLASS = "envoy"
GATEWAY = "inference"
PROXY = "inference-gateway"
"""Name of the proxies' Deployment, Service and budget; by default it would end in a hash that nobody could address."""

GATEWAY_API = "gateway.networking.k8s.io/v1"
CONTROLLER_LABELS = {"control-plane": "envoy-gateway"}
PROXY_LABELS = {"gateway.envoyproxy.io/owning-gateway-name": GATEWAY}
"""Set by Envoy Gateway on the proxies' pods (envoyproxy/gateway:internal/gatewayapi/translator.go@v1.9.1)."""

PROXY_DEFINITION = "envoyproxies.gateway.envoyproxy.io"
"""The one kind of Envoy Gateway's own that is used here. It asks at its start which of the others there are, and goes without
(envoyproxy/gateway:internal/provider/kubernetes/controller.go#crdExists@v1.9.1); all of them were half of what the state held."""

PROXY_RESOURCES = Resources(requests=Quantities(cpu="100m", memory="512Mi"), limits=Quantities(memory="1Gi"))
"""Requests are Envoy Gateway's own default, which sets no limit (envoyproxy/gateway:api/v1alpha1/shared_types.go@v1.9.1)."""


class SwitchValues(Values):
    enabled: bool = False


class ImageValues(Values):
    # The key `global.images` takes the image apart at its first colon, which may be a registry's port.
    repository: str
    tag: str


class ControllerValues(Values):
    image: ImageValues
    resources: dict[str, dict[str, str]] | None


class PodValues(PlacedValues):
    topology_spread_constraints: list[dict[str, Any]]


class DeploymentValues(Values):
    envoy_gateway: ControllerValues
    replicas: int
    pod: PodValues


class CertgenValues(Values):
    job: PlacedValues


class DisruptionBudgetValues(Values):
    """Made by the chart when above zero."""

    max_unavailable: int


class EnvoyGatewayValues(Values):
    """Keys: envoyproxy/gateway:charts/gateway-helm/values.tmpl.yaml@v1.9.1."""

    # Helm would install them once and never upgrade them; the Gateway API's are a component of their own besides.
    crds: SwitchValues = SwitchValues()
    deployment: DeploymentValues
    certgen: CertgenValues
    pod_disruption_budget: DisruptionBudgetValues | None
    # A webhook on every pod of the namespace, made by a hook and therefore never removed; only zone-aware routing needs it.
    topology_injector: SwitchValues = SwitchValues()


class EnvoyGatewayArgs(Args):
    """`route_namespaces`: only routes of these may attach. `protect`: of the CRDs.

    The workload is the controller's and the proxies', its `resources` the controller's.
    """

    route_namespaces: Annotated[list[str], Field(min_length=1)]
    exposure: Exposure = "cluster"
    workload: Workload = Workload()
    mirror: Mirror
    protect: bool = False


class EnvoyGateway(Component):
    """Owns namespace, CRD of the proxies' configuration, controller, GatewayClass `envoy`, and the Gateway `inference` with its proxies.

    Needs the Gateway API's CRDs. Does not wait for the proxies, which the controller makes: whoever attaches a route asks through it.
    `host` is the proxies' Service, port 80, plain HTTP: TLS ends before it or not at all inside the cluster.
    """

    def __init__(
        self,
        name: str,
        args: EnvoyGatewayArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.args = args
        self.namespace = NAMESPACE
        self.gateway = GATEWAY
        self.host = f"{PROXY}.{NAMESPACE}.svc.cluster.local"
        namespace = restricted_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child())
        # Not the chart gateway-crds-helm: with both channels of the Gateway API inside, its release would not fit a Secret.
        crds = register(
            _definitions(args.mirror),
            args.mirror,
            owner=self,
            prefix=name,
            timeout_seconds=args.workload.timeout_seconds,
            protect_definitions=args.protect,
        )
        self.release = release(
            versions.ENVOY_GATEWAY_CHART,
            NAMESPACE,
            _values(args),
            args.mirror,
            timeout_seconds=args.workload.timeout_seconds,
            opts=self.child([namespace, *crds]),
        )
        self._gateway(self._gateway_class(self._proxies()))
        self.register_outputs({"host": self.host})

    def _proxies(self) -> k8s.apiextensions.CustomResource:
        return self._custom_resource(
            GATEWAY_CLASS,
            "gateway.envoyproxy.io/v1alpha1",
            "EnvoyProxy",
            {"provider": {"type": "Kubernetes", "kubernetes": _proxy_fields(self.args)}},
            self.release,
        )

    def _gateway_class(self, proxies: pulumi.Resource) -> k8s.apiextensions.CustomResource:
        reference = {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": GATEWAY_CLASS, "namespace": NAMESPACE}
        spec = {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller", "parametersRef": reference}
        return self._custom_resource(GATEWAY_CLASS, GATEWAY_API, "GatewayClass", spec, proxies)

    def _gateway(self, gateway_class: pulumi.Resource) -> k8s.apiextensions.CustomResource:
        selector = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": self.args.route_namespaces}]}
        listener = {
            "name": "http",
            "protocol": "HTTP",
            "port": 80,
            "allowedRoutes": {"namespaces": {"from": "Selector", "selector": selector}, "kinds": [{"kind": "HTTPRoute"}]},
        }
        spec = {"gatewayClassName": GATEWAY_CLASS, "listeners": [listener]}
        return self._custom_resource(GATEWAY, GATEWAY_API, "Gateway", spec, gateway_class)

    def _custom_resource(
        self, name: str, api_version: str, kind: str, spec: dict[str, Any], depends_on: pulumi.Resource
    ) -> k8s.apiextensions.CustomResource:
        metadata: dict[str, Any] = {"name": name, "labels": labels(name, NAMESPACE)}
        if kind != "GatewayClass":
            metadata["namespace"] = NAMESPACE
        return k8s.apiextensions.CustomResource(
            f"{kind.lower()}-{name}", api_version=api_version, kind=kind, metadata=metadata, spec=spec, opts=self.child([depends_on])
        )


def _definitions(mirror: Mirror) -> Objects:
    published = load([versions.ENVOY_GATEWAY_CRDS], mirror)
    return Objects([published.one(DEFINITION, PROXY_DEFINITION)], published.source)


def _proxy_fields(args: EnvoyGatewayArgs) -> dict[str, Any]:
    """envoyproxy/gateway:api/v1alpha1/envoyproxy_types.go@v1.9.1, EnvoyProxyKubernetesProvider."""
    workload = args.workload
    fields: dict[str, Any] = {
        "envoyDeployment": {
            "name": PROXY,
            "replicas": workload.replicas,
            "pod": _pod(workload, PROXY_LABELS).model_dump(by_alias=True),
            "container": {"image": args.mirror.image(versions.ENVOY_PROXY).reference, "resources": PROXY_RESOURCES.fields()},
        },
        "envoyService": {"name": PROXY, "type": service_type(args.exposure), "annotations": service_annotations(args.exposure)},
    }
    if workload.highly_available:
        fields["envoyPDB"] = {"name": PROXY, "maxUnavailable": 1}
    return fields


def _values(args: EnvoyGatewayArgs) -> EnvoyGatewayValues:
    workload = args.workload
    image = args.mirror.image(versions.ENVOY_GATEWAY)
    return EnvoyGatewayValues(
        deployment=DeploymentValues(
            envoy_gateway=ControllerValues(
                image=ImageValues(repository=image.repository, tag=image.tag_and_digest),
                resources=own_resources(workload),
            ),
            replicas=workload.replicas,
            pod=_pod(workload, CONTROLLER_LABELS),
        ),
        certgen=CertgenValues(job=PlacedValues(**placement(workload))),
        pod_disruption_budget=DisruptionBudgetValues(max_unavailable=1) if workload.highly_available else None,
    )


def _pod(workload: Workload, spread_by: dict[str, str]) -> PodValues:
    """As both the chart and EnvoyProxy spell it. `spread_by`: labels of the pods."""
    return PodValues(**placement(workload), topology_spread_constraints=workload.spread(spread_by))
