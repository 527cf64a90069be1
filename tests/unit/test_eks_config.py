"""The stack file of a cluster that the program owns: its keys, and the message for each mistake."""

from __future__ import annotations

from typing import Any

import pytest

from components.aws.addresses import SERVICE_CIDR
from components.aws.release import RELEASES
from stacks.config import ConfigError, parse
from stacks.config.cluster import EksClusterConfig, ExistingClusterConfig
from tests.eks import KARPENTER, eks


def mistakes(values: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(values, "prod")
    return [line.removeprefix("Pulumi.prod.yaml: inference-platform:") for line in error.value.lines]


def test_what_is_left_out_is_small_private_and_not_public() -> None:
    cluster = parse(eks(), "prod").cluster
    assert isinstance(cluster, EksClusterConfig)
    assert cluster.endpoint.public_cidrs == []
    assert cluster.network.kind == "managed"
    assert cluster.network.nat == "single"
    assert (cluster.system_nodes.min, cluster.system_nodes.max) == (2, 4)


def test_the_versions_on_offer_are_those_with_pinned_add_ons() -> None:
    assert set(EksClusterConfig.model_fields["version"].annotation.__args__) == set(RELEASES)  # type: ignore[union-attr]
    for version, release in RELEASES.items():
        addons = [addon for addon in vars(release).values() if hasattr(addon, "kubernetes")]
        assert len(addons) == 7
        assert {addon.kubernetes for addon in addons} == {version}
        assert release.kube_proxy.version.startswith(f"v{version}.")
        assert release.cluster_autoscaler.required_tag.startswith(f"v{version}."), "the autoscaler simulates the scheduler of its own minor"


def test_an_editor_marks_a_version_without_quotes_too() -> None:
    assert EksClusterConfig.model_json_schema()["properties"]["version"]["type"] == "string"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"zones": ["eu-central-1a", "eu-west-1b"]}, 'cluster.zones: "eu-west-1b" is not a zone of region eu-central-1; '),
        ({"zones": ["eu-central-1a", "eu-central-1"]}, 'cluster.zones: "eu-central-1" is not a zone of region eu-central-1; '),
        ({"zones": ["eu-central-1a"]}, "cluster.zones: a list is not allowed: List should have at least 2 items"),
        ({"zones": ["eu-central-1a", "eu-central-1a"]}, "cluster.zones: the same zone occurs twice"),
        (
            {"region": "us-east-1", "zones": ["us-east-1a", "us-east-1e"]},
            'cluster.zones[1]: EKS places no control plane in "us-east-1e" (zone id use1-az3); '
            "choose from us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1f",
        ),
        ({"region": "eu-centrl-1"}, 'cluster.region: "eu-centrl-1" is not allowed'),
        ({"region": "us-gov-west-1"}, 'cluster.region: "us-gov-west-1" is not allowed'),
        ({"version": "1.29"}, 'cluster.version: "1.29" is not allowed; choose one of: '),
        ({"name": "a" * 31}, f'cluster.name: "{"a" * 31}" is not allowed'),
        ({"account": "12"}, 'cluster.account: "12" is not allowed'),
        ({"admins": []}, "cluster.admins: a list is not allowed: List should have at least 1 item"),
        ({"version": 1.35}, 'cluster.version: 1.35 is read as a number; put it in quotes: version: "1.35"'),
        ({"version": 1.3}, 'cluster.version: 1.3 is read as a number; put it in quotes: version: "1.30"'),
        ({"version": 1}, "cluster.version: 1 is not allowed; choose one of: '1.35'"),
        ({"account": 123456789012}, "cluster.account: 123456789012 is read as a number; put it in quotes"),
        ({"admins": ["a/"]}, 'cluster.admins[0]: "a/" is not allowed'),
        ({"admins": ["a/admin", "b/admin"]}, 'cluster.admins: "a/admin" and "b/admin" are one principal: a name exists once'),
        ({"admins": ["admin", "ci", "admin"]}, 'cluster.admins: "admin" and "admin" are one principal'),
        ({"admins": ["ADMIN", "admin"]}, 'cluster.admins: "ADMIN" and "admin" are one principal'),
        (
            {"account": "111122223333", "admins": ["admin", "arn:aws:iam::111122223333:role/x/admin"]},
            'cluster.admins: "admin" and "arn:aws:iam::111122223333:role/x/admin" are one principal',
        ),
        ({"admins": ["arn:aws:sts::role"]}, 'cluster.admins[0]: "arn:aws:sts::role" is not allowed'),
        ({"endpoint": {"publicCidrs": ["0.0.0.0/0"]}}, 'cluster.endpoint.publicCidrs[0]: "0.0.0.0/0" is the internet, or half of it; '),
        ({"endpoint": {"publicCidrs": ["128.0.0.0/1"]}}, 'cluster.endpoint.publicCidrs[0]: "128.0.0.0/1" is the internet, or half of it; '),
        ({"endpoint": {"publicCidrs": ["office"]}}, 'cluster.endpoint.publicCidrs[0]: "office" is not a range of IPv4 addresses'),
        (
            {"endpoint": {"publicCidrs": ["10.0.0.0/8"]}},
            'cluster.endpoint.publicCidrs[0]: "10.0.0.0/8" is not public: EKS sees callers from outside',
        ),
        ({"endpoint": {"publicCidrs": ["100.64.0.0/10"]}}, 'cluster.endpoint.publicCidrs[0]: "100.64.0.0/10" is not public'),
        ({"endpoint": {"publicCidrs": ["127.0.0.1"]}}, 'cluster.endpoint.publicCidrs[0]: "127.0.0.1" is not public'),
        ({"endpoint": {"publicCidrs": ["8.8.8.1/24"]}}, 'cluster.endpoint.publicCidrs[0]: "8.8.8.1/24" is not a range of IPv4 addresses'),
        ({"endpoint": {"publicCidrs": ["2001:db8::/32"]}}, 'cluster.endpoint.publicCidrs[0]: "2001:db8::/32" is not a range of IPv4'),
        ({"endpoint": {"publicCidrs": ["8.8.8.8", "8.8.8.8/32"]}}, 'cluster.endpoint.publicCidrs: "8.8.8.8/32" is twice in it'),
        (
            {"endpoint": {"publicCidrs": ["8.8.8.0/24", "8.8.8.8"]}},
            'cluster.endpoint.publicCidrs: "8.8.8.8/32" and "8.8.8.0/24" overlap; keep the wider one',
        ),
        (
            {"endpoint": {"publicCidrs": [f"8.8.{number}.0/24" for number in range(41)]}},
            "cluster.endpoint.publicCidrs: a list is not allowed: List should have at most 40 items",
        ),
        ({"network": {"cidr": SERVICE_CIDR}}, f'cluster.network.cidr: "{SERVICE_CIDR}" overlaps {SERVICE_CIDR}, '),
        (
            {"network": {"cidr": "10.0.0.0/24"}},
            'cluster.network.cidr: "10.0.0.0/24" is not allowed: private addresses, between /16 and /20',
        ),
        ({"network": {"cidr": "100.64.0.0/16"}}, 'cluster.network.cidr: "100.64.0.0/16" is not allowed: private addresses'),
        ({"network": {"nat": "none"}}, 'cluster.network.nat: "none" is not allowed; choose one of: '),
        ({"network": {"endpoints": ["ecr"]}}, 'cluster.network.endpoints[0]: "ecr" is not allowed; choose one of: '),
        ({"network": {"kind": "existing"}}, "cluster.network.vpcId: is required: Its id."),
        (
            {"network": {"kind": "existing", "vpcId": "vpc-0a", "privateSubnetIds": ["subnet-0a", "subnet-0b"]}},
            "cluster.network: privateSubnetIds names 2 subnets for 3 zones; each zone needs one",
        ),
        ({"systemNodes": {"min": 5, "max": 3}}, "cluster.systemNodes: min 5 is greater than max 3"),
        (
            {"systemNodes": {"releaseVersion": "1.34.9-20260911"}},
            "cluster.systemNodes: releaseVersion 1.34.9-20260911 is not an image for Kubernetes 1.35; write 1.35.<patch>-<date>",
        ),
        (
            {"systemNodes": {"instanceTypes": ["m7g.xlarge"]}},
            'cluster.systemNodes.instanceTypes[0]: "m7g.xlarge" has arm64 processors, and the image of nodes is for x86_64; '
            "did you mean m7i.xlarge?",
        ),
        (
            {"systemNodes": {"instanceTypes": ["m7i.xlarge", "m7i.xlrge"]}},
            'cluster.systemNodes.instanceTypes[1]: "m7i.xlrge" is not an EC2 instance type; did you mean m7i.xlarge?',
        ),
        (
            {"systemNodes": {"instanceTypes": ["t3.micro"]}},
            'cluster.systemNodes.instanceTypes[0]: "t3.micro" is too small with 2 vCPUs and 1 GiB: a system node needs 2 vCPUs and 8 GiB '
            "at least; did you mean t3.large?",
        ),
        (
            {"systemNodes": {"instanceTypes": ["g6.xlarge"]}},
            'cluster.systemNodes.instanceTypes[0]: "g6.xlarge" has GPUs that the image of system nodes cannot use; '
            "GPU nodes belong into gpu.instanceTypes; choose for example m7i.xlarge",
        ),
        (
            {"systemNodes": {"instanceTypes": ["inf2.xlarge"]}},
            'cluster.systemNodes.instanceTypes[0]: "inf2.xlarge" has accelerators, which cost money and serve no system pod; ',
        ),
        (
            {"systemNodes": {"instanceTypes": ["m4.xlarge"]}},
            'cluster.systemNodes.instanceTypes[0]: "m4.xlarge" is of a generation without prefix delegation, '
            "which gives nodes their pods' addresses; did you mean m5.xlarge?",
        ),
        (
            {"systemNodes": {"instanceTypes": ["big"]}},
            'cluster.systemNodes.instanceTypes[0]: "big" is not an EC2 instance type; choose for ',
        ),
        ({"logRetentionDays": 8}, "cluster.logRetentionDays: 8 is not allowed; choose one of: 1, 3, 5, 7, 14, 30, "),
    ],
)
def test_a_mistake_about_the_cluster_names_its_key_and_what_is_allowed(change: dict[str, Any], line: str) -> None:
    found = mistakes(eks(cluster=change))
    assert found[0].startswith(line), found


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"instanceTypes": ["g6.xlage"]}, 'gpu.instanceTypes[0]: "g6.xlage" is not an EC2 GPU type; did you mean g6.xlarge?'),
        (
            {"instanceTypes": ["a100"]},
            'gpu.instanceTypes[0]: "a100" is not an EC2 GPU type; the families are: g4dn, g5, g6, g6e, g7e, p4d, ',
        ),
        (
            {"instanceTypes": ["g6.xlarge", "g6.12xlarge"]},
            "gpu: the instance types of one pool must have the same number of GPUs; g6.xlarge has 1, g6.12xlarge has 4",
        ),
        ({"instanceTypes": []}, "gpu: mode managed with 0 instanceTypes: managed and karpenter need at least one, others have none"),
        ({"mode": "none"}, "gpu: mode none with 1 instanceTypes: managed and karpenter need at least one, others have none"),
        ({"capacity": "spot"}, "gpu: capacity spot needs 3 instanceTypes or more, because one is often sold out; given: 1"),
        ({"nodes": {"min": 3, "max": 2}}, "gpu.nodes: min 3 is greater than max 2"),
        ({"diskGib": 20}, "gpu.diskGib: 20 is not allowed: it should be greater than or equal to 100"),
        ({"sharing": {"strategy": "time-slicing"}}, "gpu.sharing: strategy time-slicing with 1 replicas: time-slicing needs at least 2"),
        ({"releaseVersion": "1.34.9-20260911"}, "gpu: releaseVersion is an image for another Kubernetes minor than cluster.version"),
    ],
)
def test_a_mistake_about_gpu_nodes_names_its_key_and_what_is_allowed(change: dict[str, Any], line: str) -> None:
    (found,) = mistakes(eks(gpu=change))
    assert found.startswith(line)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"instanceTypes": []}, "gpu: mode karpenter with 0 instanceTypes: managed and karpenter need at least one, others have none"),
        (
            {"releaseVersion": None},
            "gpu: mode karpenter needs releaseVersion, such as 1.35.7-20260911: each newer image would replace every",
        ),
        ({"nodes": {"min": 1, "max": 2}}, "gpu: nodes.min 1 beside mode karpenter: it starts nodes for waiting pods only; leave min out"),
        (
            {"sharing": {"strategy": "time-slicing", "replicas": 4}},
            "gpu: sharing.replicas 4 beside mode karpenter: it would start a node for each of them, because it counts whole GPUs; leave",
        ),
        ({"capacity": "spot"}, "gpu: capacity spot needs 3 instanceTypes or more, because one is often sold out; given: 1"),
        ({"karpenter": {"reservations": ["mine"]}}, 'gpu.karpenter.reservations[0]: "mine" is not allowed'),
        ({"karpenter": {"expireAfterDays": 0}}, "gpu.karpenter.expireAfterDays: 0 is not allowed"),
        ({"mode": "managed", "karpenter": {}}, "gpu: karpenter beside mode managed: write mode: karpenter, or leave the section out"),
    ],
)
def test_a_mistake_about_nodes_of_karpenter_names_its_key_and_what_is_allowed(change: dict[str, Any], line: str) -> None:
    (found,) = mistakes(eks(gpu={**KARPENTER, **change}))
    assert found.startswith(line)


def test_karpenter_needs_a_cluster_of_ours_and_the_device_plugin() -> None:
    (line,) = mistakes({"gpu": KARPENTER, "gpuOperator": {"enabled": True}})
    assert line.startswith("gpu: modes managed and karpenter need cluster.kind: eks")
    (line,) = mistakes(eks(gpu=KARPENTER, gpuOperator={"enabled": False}))
    assert line.startswith("gpuOperator: enabled: false beside gpu.mode managed or karpenter")
    assert parse(eks(gpu=KARPENTER, cluster={"autoscaler": {"enabled": False}}), "prod").gpu.nodes.max == 2


def test_gpu_nodes_of_an_existing_cluster_and_ours_are_not_mixed_up() -> None:
    (line,) = mistakes(eks(gpu={"mode": "existing", "instanceTypes": []}))
    assert line.startswith("gpu: mode existing needs cluster.kind: existing")
    existing = parse({"gpu": {"mode": "existing", "sharing": {"strategy": "time-slicing", "replicas": 4}}}, "dev")
    assert isinstance(existing.cluster, ExistingClusterConfig)
    assert existing.gpu.sharing.replicas == 4


def test_one_caller_of_the_api_server_is_a_range_of_one_address() -> None:
    cluster = parse(eks(cluster={"endpoint": {"publicCidrs": ["203.0.113.7", "9.9.9.0/24"]}}), "prod").cluster
    assert isinstance(cluster, EksClusterConfig)
    assert cluster.endpoint.public_cidrs == ["203.0.113.7/32", "9.9.9.0/24"]


def test_an_admin_is_a_role_by_name_with_its_path_or_by_arn() -> None:
    admins = ["platform-admin", "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a", "arn:aws:iam::111122223333:role/admin"]
    cluster = parse(eks(cluster={"admins": admins}), "prod").cluster
    assert isinstance(cluster, EksClusterConfig)
    assert cluster.admins == admins
