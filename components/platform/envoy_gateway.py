"""Envoy Gateway: the controller that turns Gateway API objects into Envoy proxies, and the gateway of the inference services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components import versions
from components.artifacts import Mirror
from components.base import Args, Component, labels
from components.exposure import Exposure, service_annotations, service_type
from components.helm import PlacedValues, Values, own_resources, placement, release
from components.platform import client_traffic
from components.pods import restricted_namespace
from components.scheduling import Quantities, Resources, Workload

NAMESPACE = "envoy-gateway"
GATEWAY_CLASS = "envoy"
GATEWAY = "inference"
PROXY = "inference-gateway"
"""Name of the proxies' Deployment, Service and budget; the default name ends in an unpredictable hash."""

GATEWAY_API = "gateway.networking.k8s.io/v1"
CONTROLLER_LABELS = {"control-plane": "envoy-gateway"}
PROXY_LABELS = {"gateway.envoyproxy.io/owning-gateway-name": GATEWAY}
"""Labels that Envoy Gateway sets on the proxies' pods (envoyproxy/gateway:internal/gatewayapi/translator.go@v1.9.1)."""

PROXY_RESOURCES = Resources(requests=Quantities(cpu="100m", memory="512Mi"), limits=Quantities(memory="1Gi"))
"""The requests are Envoy Gateway's default, which has no limit (envoyproxy/gateway:api/v1alpha1/shared_types.go@v1.9.1)."""


class SwitchValues(Values):
    enabled: bool = False


class ImageValues(Values):
    # The key `global.images` splits the image at its first colon, which may belong to a registry's port.
    repository: str
    tag: str


class ControllerValues(Values):
    image: ImageValues
    resources: dict[str, dict[str, str]] | None


class PodValues(PlacedValues):
    topology_spread_constraints: list[dict[str, Any]]


class ControllerPodValues(PodValues):
    annotations: dict[str, str]


class DeploymentValues(Values):
    envoy_gateway: ControllerValues
    replicas: int
    pod: ControllerPodValues


class ContainerValues(Values):
    image: str
    resources: dict[str, dict[str, str]]


class ProxyDeploymentValues(Values):
    name: str
    replicas: int
    pod: PodValues
    container: ContainerValues


class ProxyServiceValues(Values):
    """`type`: without one, Envoy Gateway creates a load balancer."""

    name: str
    type: str
    annotations: dict[str, str]


class ProxyBudgetValues(Values):
    name: str
    max_unavailable: int = 1


class ProxyObjectValues(Values):
    """envoyproxy/gateway:api/v1alpha1/envoyproxy_types.go@v1.9.1, EnvoyProxyKubernetesProvider."""

    envoy_deployment: ProxyDeploymentValues
    envoy_service: ProxyServiceValues
    envoy_pdb: ProxyBudgetValues | None = Field(alias="envoyPDB")


class ProviderValues(Values):
    type: Literal["Kubernetes"] = "Kubernetes"
    kubernetes: ProxyObjectValues


class ProxyValues(Values):
    provider: ProviderValues


class ControlValues(Values):
    """Part of the EnvoyGateway configuration file; the chart adds the rest (templates/envoy-gateway-config.yaml)."""

    envoy_proxy: ProxyValues


class ConfigValues(Values):
    envoy_gateway: ControlValues


class CertgenValues(Values):
    job: PlacedValues


class DisruptionBudgetValues(Values):
    """The chart creates the budget if this is above zero."""

    max_unavailable: int


class EnvoyGatewayValues(Values):
    """Keys: envoyproxy/gateway:charts/gateway-helm/values.tmpl.yaml@v1.9.1."""

    # Helm would install the CRDs once and never upgrade them. The Gateway API's CRDs are a separate component. Only one of Envoy Gateway's
    # own CRDs is needed (client_traffic.py): it checks at its start which of them exist
    # (internal/provider/kubernetes/controller.go#crdExists), and `config` configures its proxies. All of them would take two thirds of the
    # state, which is written twice per step.
    crds: SwitchValues = SwitchValues()
    config: ConfigValues
    deployment: DeploymentValues
    certgen: CertgenValues
    pod_disruption_budget: DisruptionBudgetValues | None
    # This hook would leave a webhook on every pod of the namespace that is never removed; only zone-aware routing needs it.
    topology_injector: SwitchValues = SwitchValues()


class EnvoyGatewayArgs(Args):
    """`route_namespaces`: only routes of these may attach. `protect`: the CRD is not deleted before a person lifts it.

    The workload applies to controller and proxies, its `resources` to the controller.
    """

    route_namespaces: Annotated[list[str], Field(min_length=1)]
    exposure: Exposure = "cluster"
    protect: bool = False
    workload: Workload = Workload()
    mirror: Mirror


class EnvoyGateway(Component):
    """Owns namespace, controller, GatewayClass `envoy`, and the Gateway `inference` with its proxies and its ClientTrafficPolicy.

    Needs the Gateway API's CRDs. Does not wait for the proxies, which the controller creates; the readiness check of each service's route
    does. `host` is the proxies' Service, port 80, plain HTTP: TLS ends before it, or there is none inside the cluster.
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
        self.release = release(
            versions.ENVOY_GATEWAY_CHART,
            NAMESPACE,
            _values(args),
            args.mirror,
            timeout_seconds=args.workload.timeout_seconds,
            opts=self.child([namespace, self._definition()]),
        )
        self._client_traffic(self._gateway(self._gateway_class()))
        self.register_outputs({"host": self.host})

    def _definition(self) -> pulumi.Resource:
        item = client_traffic.definition()
        kind = f"kubernetes:{item['apiVersion']}:{item['kind']}"
        return pulumi.CustomResource(kind, client_traffic.DEFINITION, item, self.child(protect=self.args.protect or None))

    def _client_traffic(self, gateway: pulumi.Resource) -> None:
        k8s.apiextensions.CustomResource(
            "client-traffic",
            api_version=f"{client_traffic.GROUP}/{client_traffic.VERSION}",
            kind=client_traffic.KIND,
            metadata={"name": GATEWAY, "namespace": NAMESPACE, "labels": labels(GATEWAY, NAMESPACE)},
            spec=client_traffic.without_root_dot(GATEWAY),
            opts=self.child([gateway]),
        )

    def _gateway_class(self) -> k8s.apiextensions.CustomResource:
        spec = {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"}
        return self._gateway_api("GatewayClass", GATEWAY_CLASS, {}, spec, self.release)

    def _gateway(self, gateway_class: pulumi.Resource) -> k8s.apiextensions.CustomResource:
        selector = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": self.args.route_namespaces}]}
        listener = {
            "name": "http",
            "protocol": "HTTP",
            "port": 80,
            "allowedRoutes": {"namespaces": {"from": "Selector", "selector": selector}, "kinds": [{"kind": "HTTPRoute"}]},
        }
        spec = {"gatewayClassName": GATEWAY_CLASS, "listeners": [listener]}
        return self._gateway_api("Gateway", GATEWAY, {"namespace": NAMESPACE}, spec, gateway_class)

    def _gateway_api(
        self, kind: str, name: str, scope: dict[str, str], spec: dict[str, Any], depends_on: pulumi.Resource
    ) -> k8s.apiextensions.CustomResource:
        return k8s.apiextensions.CustomResource(
            f"{kind.lower()}-{name}",
            api_version=GATEWAY_API,
            kind=kind,
            metadata={"name": name, "labels": labels(name, NAMESPACE), **scope},
            spec=spec,
            opts=self.child([depends_on]),
        )


def _values(args: EnvoyGatewayArgs) -> EnvoyGatewayValues:
    workload = args.workload
    image = args.mirror.image(versions.ENVOY_GATEWAY)
    return EnvoyGatewayValues(
        config=ConfigValues(envoy_gateway=ControlValues(envoy_proxy=ProxyValues(provider=ProviderValues(kubernetes=_proxies(args))))),
        deployment=DeploymentValues(
            envoy_gateway=ControllerValues(
                image=ImageValues(repository=image.repository, tag=image.tag_and_digest),
                resources=own_resources(workload),
            ),
            replicas=workload.replicas,
            pod=ControllerPodValues(
                **_pod(workload, CONTROLLER_LABELS).model_dump(),
                # A controller that started before the definition would not see it; a changed annotation restarts its pod.
                annotations={"inference-platform/definitions": client_traffic.DEFINITION},
            ),
        ),
        certgen=CertgenValues(job=PlacedValues(**placement(workload))),
        pod_disruption_budget=DisruptionBudgetValues(max_unavailable=1) if workload.highly_available else None,
    )


def _proxies(args: EnvoyGatewayArgs) -> ProxyObjectValues:
    workload = args.workload
    return ProxyObjectValues(
        envoy_deployment=ProxyDeploymentValues(
            name=PROXY,
            replicas=workload.replicas,
            pod=_pod(workload, PROXY_LABELS),
            container=ContainerValues(image=args.mirror.image(versions.ENVOY_PROXY).reference, resources=PROXY_RESOURCES.fields()),
        ),
        envoy_service=ProxyServiceValues(name=PROXY, type=service_type(args.exposure), annotations=service_annotations(args.exposure)),
        envoy_pdb=ProxyBudgetValues(name=PROXY) if workload.highly_available else None,
    )


def _pod(workload: Workload, spread_by: dict[str, str]) -> PodValues:
    """Settings for the controller's and the proxies' pods, which the chart spells alike. `spread_by`: labels of the pods."""
    return PodValues(**placement(workload), topology_spread_constraints=workload.spread(spread_by))
