"""Monthly cost of a stack at its smallest and at its largest, from its resources alone.

Included: costs per hour and per GiB provisioned. Not included: costs per use (traffic, requests, serverless endpoints, logs, KMS), the
volumes that SageMaker gives its instances, discounts, taxes.
Spot nodes count as on demand, which is an upper bound even if the spot market has no capacity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.node_pools import NODE_CLASS, TEMPLATE, disk_gib, instance_types, is_gpu, sizes
from policies.prices import Prices, Unit
from policies.rules.resource import Resource, Unknown, value_at
from policies.rules.services import services
from policies.volumes import Volume, volumes

HOURS = 730
"""Hours of a month in AWS's price calculations."""

CLUSTER = "aws:eks/cluster:Cluster"
SCALING = "aws:appautoscaling/target:Target"

Component = Literal[
    "control plane",
    "system nodes",
    "GPU nodes",
    "managed endpoints",
    "NAT gateways",
    "public addresses",
    "endpoints",
    "load balancers",
    "volumes",
]


@dataclass(frozen=True)
class Line:
    """Cost of one resource. `amount`: its quantity at the maximum, in words."""

    component: Component
    name: str
    amount: str
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Estimate:
    """US dollars per month. `unpriced`: resources with an unknown cost, each with the reason."""

    lines: tuple[Line, ...]
    unpriced: tuple[str, ...]

    @property
    def minimum(self) -> float:
        return sum(line.minimum for line in self.lines)

    @property
    def maximum(self) -> float:
        return sum(line.maximum for line in self.lines)

    def by_component(self) -> dict[Component, tuple[float, float]]:
        """Minimum and maximum of each component, in the order of the lines."""
        sums: dict[Component, tuple[float, float]] = {}
        for line in self.lines:
            least, most = sums.get(line.component, (0.0, 0.0))
            sums[line.component] = (least + line.minimum, most + line.maximum)
        return sums


class Unpriced(Exception):  # noqa: N818 - what it says is part of the estimate
    """The cost is unknown; the message gives the reason."""


def price(resources: Sequence[Resource], prices: Prices) -> Estimate:
    """Estimate a stack's cost. A stack without its own cluster on AWS costs nothing there: another stack pays for its volumes."""
    if not any(resource.type == CLUSTER for resource in resources):
        return Estimate((), ())
    beside = {_key(resource): resource for resource in resources if resource.type in (TEMPLATE, NODE_CLASS, SCALING)}
    lines: list[Line] = []
    unpriced: list[str] = []
    for resource in resources:
        try:
            lines += _lines(resource, prices, beside)
        except (Unknown, Unpriced) as reason:
            unpriced.append(f"{resource.kind} {resource.name}: {reason}")
    return Estimate(tuple(lines), tuple(unpriced))


def _key(resource: Resource) -> tuple[str, str]:
    """Return type and logical name, or the object's own name, by which a NodePool refers to its class."""
    return resource.type, str(resource.get("metadata.name")) if resource.type == NODE_CLASS else resource.name


def _lines(resource: Resource, prices: Prices, beside: Mapping[tuple[str, str], Resource]) -> Iterator[Line]:
    match resource.type:
        case "aws:eks/cluster:Cluster":
            yield _fixed("control plane", resource, prices, "cluster-hour")
        case "aws:eks/nodeGroup:NodeGroup":
            yield from _nodes(resource, prices, beside.get((TEMPLATE, resource.name)))
        case "kubernetes:karpenter.sh/v1:NodePool":
            yield from _nodes(resource, prices, beside.get((NODE_CLASS, str(resource.get("spec.template.spec.nodeClassRef.name")))))
        case "aws:sagemaker/endpointConfiguration:EndpointConfiguration":
            yield from _instances(resource, prices, beside)
        case "aws:ec2/natGateway:NatGateway":
            yield _fixed("NAT gateways", resource, prices, "nat-hour")
        case "aws:ec2/eip:Eip":
            yield _fixed("public addresses", resource, prices, "ipv4-hour")
        case "aws:ec2/vpcEndpoint:VpcEndpoint" if resource.get("vpcEndpointType") == "Interface":
            yield _fixed("endpoints", resource, prices, "endpoint-hour", len(resource.get("subnetIds", [])))
        case _:
            for service in services(resource):
                if service.kind == "LoadBalancer":
                    yield _fixed("load balancers", resource, prices, "nlb-hour")
            yield from _volumes(resource, prices, volumes(resource))


def _fixed(component: Component, resource: Resource, prices: Prices, unit: Unit, count: int = 1) -> Line:
    monthly = count * HOURS * _unit(prices, unit)
    amount = f"{count} x {unit.removesuffix('-hour')}" if count != 1 else "1"
    return Line(component, resource.name, amount, monthly, monthly)


def _nodes(pool: Resource, prices: Prices, template: Resource | None) -> Iterator[Line]:
    """Cost of a pool. Each node may have any of its types, so the minimum uses the cheapest and the maximum the dearest."""
    least, most = sizes(pool)
    if most is None:
        raise Unpriced("has no limit of nodes: its cost has none either")
    hourly = {name: _hour(prices, name) for name in instance_types(pool)}
    if not hourly:
        raise Unpriced("names no instance types")
    dearest = max(hourly, key=lambda name: hourly[name])
    component: Component = "GPU nodes" if is_gpu(pool) else "system nodes"
    yield Line(component, pool.name, f"{most} x {dearest}", least * min(hourly.values()) * HOURS, most * hourly[dearest] * HOURS)
    if template is None:
        raise Unpriced("has no launch template or EC2NodeClass of its name, which would give the size of its disks")
    gib = disk_gib(template)
    if not gib:
        raise Unpriced(f"{template.kind} {template.name} names no disk size")
    each = gib * _unit(prices, "gp3-gib-month")
    yield Line("volumes", pool.name, f"{most} x {gib:g} GiB", least * each, most * each)


def _instances(configuration: Resource, prices: Prices, beside: Mapping[tuple[str, str], Resource]) -> Iterator[Line]:
    """Cost of an endpoint's instances; serverless variants have none. The scaling of a variant has the name `<configuration>-<variant>`."""
    for variant in configuration.get("productionVariants", []):
        if (kind := value_at(variant, "instanceType")) is None:
            continue
        name, least = f"{configuration.name}-{value_at(variant, 'variantName')}", int(value_at(variant, "initialInstanceCount", 1))
        scaling = beside.get((SCALING, name))
        most = int(scaling.get("maxCapacity")) if scaling else least
        hourly = _hour(prices, kind)
        yield Line("managed endpoints", name, f"{most} x {kind}", least * hourly * HOURS, most * hourly * HOURS)


def _volumes(resource: Resource, prices: Prices, found: Iterable[Volume]) -> Iterator[Line]:
    for volume in found:
        monthly = volume.count * volume.gib * _unit(prices, "gp3-gib-month")
        yield Line("volumes", resource.name, f"{volume.count} x {volume.gib:g} GiB", monthly, monthly)


def _hour(prices: Prices, name: str) -> float:
    found = prices.instance(name)
    if found is None:
        raise Unpriced(f"prices.json has no price of {name} in {prices.region}; run `make prices REGION={prices.region}`")
    return found


def _unit(prices: Prices, unit: Unit) -> float:
    found = prices.unit(unit)
    if found is None:
        raise Unpriced(f"prices.json has no {unit} in {prices.region}; run `make prices REGION={prices.region}`")
    return found
