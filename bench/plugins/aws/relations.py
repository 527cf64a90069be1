"""Arguments that AWS refuses together, though each is right by itself. An argument that is unknown before the update breaks no rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bench.plugins.aws.check import Leaf, Problem

EXCLUSIVE = {
    "aws:eks/nodeGroup:NodeGroup": [
        ("updateConfig.maxUnavailable", "updateConfig.maxUnavailablePercentage"),
        ("nodeGroupName", "nodeGroupNamePrefix"),
        ("launchTemplate.id", "launchTemplate.name"),
        ("launchTemplate.id", "diskSize"),
    ],
    "aws:ec2/launchTemplate:LaunchTemplate": [("name", "namePrefix")],
    "aws:ec2/vpcEndpoint:VpcEndpoint": [("routeTableIds[]", "subnetIds[]")],
    "aws:iam/role:Role": [("name", "namePrefix")],
    "aws:kms/alias:Alias": [("name", "namePrefix")],
    "aws:s3/bucket:Bucket": [("bucket", "bucketPrefix")],
    "aws:sagemaker/endpoint:Endpoint": [
        (
            "deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.type",
            "deploymentConfig.rollingUpdatePolicy.waitIntervalInSeconds",
        )
    ],
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": [
        ("name", "namePrefix"),
        ("productionVariants[].instanceType", "productionVariants[].serverlessConfig.maxConcurrency"),
    ],
    "aws:sagemaker/model:Model": [
        ("primaryContainer.modelDataUrl", "primaryContainer.modelDataSource.s3DataSources[].s3Uri"),
    ],
}
"""Arguments of which AWS or its provider takes one at a time."""

ORDERED = {
    "aws:appautoscaling/target:Target": [("minCapacity", "maxCapacity")],
    "aws:eks/nodeGroup:NodeGroup": [
        ("scalingConfig.minSize", "scalingConfig.desiredSize"),
        ("scalingConfig.desiredSize", "scalingConfig.maxSize"),
        ("scalingConfig.minSize", "scalingConfig.maxSize"),
    ],
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": [("fromPort", "toPort")],
}
"""Pairs of numbers: the first is at most the second."""

DIFFERENT = ("subnetIds[]", "vpcConfig.subnetIds[]", "instanceTypes[]", "vpcConfig.publicAccessCidrs[]", "availabilityZones[]")
"""Lists that name nothing twice. A subnet that is named twice is one zone for EKS, which wants two."""


def problems(token: str, leaves: Sequence[Leaf]) -> Iterator[Problem]:
    numbers = {wire for pair in ORDERED.get(token, []) for wire in pair}
    given: dict[str, list[Leaf]] = defaultdict(list)
    for leaf in leaves:
        if leaf.value or leaf.wire in numbers:  # a number that is 0 is set; an empty text is not
            given[leaf.wire].append(leaf)
    yield from _both(given, EXCLUSIVE.get(token, []))
    yield from _upside_down(given, ORDERED.get(token, []))
    yield from _twice(given)


def _both(given: Mapping[str, list[Leaf]], pairs: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    for one, other in pairs:
        if one in given and other in given:
            yield Problem(given[one][0].path, f"beside {given[other][0].path}: AWS takes one of the two")


def _upside_down(given: Mapping[str, list[Leaf]], pairs: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    for smaller, larger in pairs:
        for low, high in zip(given.get(smaller, []), given.get(larger, []), strict=False):
            if float(low.value) > float(high.value):
                yield Problem(low.path, f"{float(low.value):g} is greater than {high.path} {float(high.value):g}")


def _twice(given: Mapping[str, list[Leaf]]) -> Iterator[Problem]:
    for wire in DIFFERENT:
        seen: set[object] = set()
        for leaf in given.get(wire, []):
            if leaf.value in seen:
                yield Problem(leaf.path, f"{leaf.shown} is in the list already")
            seen.add(leaf.value)
