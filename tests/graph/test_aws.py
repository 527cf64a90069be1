"""The AWS layer: its order, its protected resources, and its closed ports."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.eks import eks
from tests.graph.aws_outputs import ACCOUNT
from tests.graph.recording import Graph, Resource, record

OWN_ACCOUNT = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
PROTECTED = {"Cluster/cluster", "Key/cluster-secrets"}
CHAINS = [
    # A node without a way out can't pull its first image; on a destroy its addresses go only when it has gone.
    ["InternetGateway/internet", "Route/public-internet", "NatGateway/nat-eu-central-1a", "Route/private-eu-central-1a-nat"],
    ["Route/private-eu-central-1a-nat", "Cluster/cluster", "Addon/vpc-cni", "NodeGroup/system", "Addon/coredns", "kubernetes/cluster"],
    # The control plane's role may use the key by its alias.
    [
        "Key/cluster-secrets",
        "Alias/cluster-secrets",
        "Cluster/cluster",
        "AccessEntry/admin-platform-admin",
        "AccessPolicyAssociation/admin-platform-admin",
    ],
    # EKS needs its role's policies to the end, or leaves network interfaces behind.
    ["RolePolicyAttachment/cluster-control-plane-amazoneksclusterpolicy", "Cluster/cluster"],
    # Otherwise EKS makes the log group, with logs that are never deleted.
    ["LogGroup/cluster", "Cluster/cluster"],
    ["Addon/eks-pod-identity-agent", "NodeGroup/gpu", "Tag/gpu-resources-nvidia.com-gpu", "kubernetes/cluster"],
    ["Addon/kube-proxy", "NodeGroup/system"],
    ["RolePolicyAttachment/system-nodes-amazoneksworkernodepolicy", "NodeGroup/system"],
    ["NodeGroup/system", "Addon/aws-ebs-csi-driver", "kubernetes/cluster", "StorageClass/gp3"],
    # The last right to use the API server goes after everything that is deleted through it.
    ["AccessPolicyAssociation/admin-platform-admin", "kubernetes/cluster", "Release/cert-manager"],
    ["NodeGroup/gpu", "Release/cluster-autoscaler"],
    ["Cluster/cluster", "PodIdentityAssociation/cluster-autoscaler", "Release/cluster-autoscaler"],
    ["RolePolicy/cluster-autoscaler-scale", "PodIdentityAssociation/cluster-autoscaler"],
    ["VpcEndpoint/network-endpoints-sts", "NodeGroup/system"],
]


@pytest.fixture(scope="module")
def graph() -> Graph:
    """The larger of the two: three NAT gateways, endpoints, a public address for some, everything protected."""
    cluster = {
        "network": {"nat": "per-zone", "endpoints": ["sts", "ecr.api"], "flowLogRetentionDays": 90},
        "endpoint": {"publicCidrs": ["203.0.113.0/24"]},
        "zonalShift": True,
        "systemNodes": {"releaseVersion": "1.35.7-20260911"},
    }
    return record(eks(cluster=cluster, gpu={"releaseVersion": "1.35.7-20260911"}, safeguards={"protect": True}))


@pytest.fixture(scope="module")
def small() -> Graph:
    """A part that the stack file leaves out stays out of the graph."""
    return record(eks(gpu={"mode": "none", "instanceTypes": []}, gpuOperator={"enabled": False}))


def on_aws(graph: Graph) -> list[Resource]:
    return [resource for resource in graph if resource.custom and resource.type.startswith("aws:")]


def rights(role_policy: Resource) -> list[dict[str, Any]]:
    return list(json.loads(role_policy.inputs["policy"])["Statement"])


@pytest.mark.parametrize(("earlier", "later"), [pair for chain in CHAINS for pair in pairwise(chain)])
def test_order_of_creation_and_so_in_reverse_of_destruction(graph: Graph, earlier: str, later: str) -> None:
    assert graph.comes_after(later, earlier), f"{later} does not wait for {earlier}"


def test_whatever_is_in_the_cluster_comes_after_every_node_and_the_network(graph: Graph) -> None:
    inside = [resource.key for resource in graph if resource.custom and resource.type.startswith("kubernetes:")]
    assert len(inside) > 5
    for key in inside:
        for ahead in ("NodeGroup/system", "NodeGroup/gpu", "Addon/coredns", "NatGateway/nat-eu-central-1c", "FlowLog/network-flow-logs"):
            assert graph.comes_after(key, ahead), f"{key} does not wait for {ahead}"


def test_everything_goes_through_the_stacks_own_providers(graph: Graph) -> None:
    aws, cluster = graph.one("aws/aws"), graph.one("kubernetes/cluster")
    assert {resource.provider for resource in on_aws(graph)} == {f"{aws.urn}::aws-id"}
    assert cluster.inputs["clusterIdentifier"].startswith("arn:aws:eks:eu-central-1:")
    tags = json.loads(aws.inputs["defaultTags"])["tags"]
    assert tags == {"environment": "local", "owner": "ml-platform", "cost-center": "inference", "managed-by": "pulumi"}
    assert aws.inputs["region"] == "eu-central-1"
    assert "allowedAccountIds" not in aws.inputs


def test_with_an_account_given_credentials_of_another_one_are_refused() -> None:
    provider = record(eks(cluster={"account": ACCOUNT})).one("aws/aws")
    assert json.loads(provider.inputs["allowedAccountIds"]) == [ACCOUNT]


def test_the_kubeconfig_holds_a_command_and_no_token(graph: Graph) -> None:
    config = json.loads(graph.one("kubernetes/cluster").inputs["kubeconfig"])
    (user,) = config["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["args"][:4] == ["--region", "eu-central-1", "eks", "get-token"]
    assert config["clusters"][0]["cluster"] == {
        "server": "https://cluster.example",
        "certificate-authority-data": "Y2VydGlmaWNhdGU=",
    }


def test_only_what_cannot_be_made_anew_is_protected_and_only_where_asked(graph: Graph, small: Graph) -> None:
    assert {resource.key for resource in on_aws(graph) if resource.protect} == PROTECTED
    assert not [resource for resource in on_aws(small) if resource.protect]
    assert graph.one("Cluster/cluster").inputs["deletionProtection"] is True
    assert small.one("Cluster/cluster").inputs["deletionProtection"] is False


def test_nothing_is_open_to_the_internet(graph: Graph, small: Graph) -> None:
    for stack in (graph, small):
        for resource in on_aws(stack):
            if "0.0.0.0/0" in json.dumps(resource.inputs):
                assert resource.kind == "Route", resource.key
    assert not small.one("DefaultSecurityGroup/network-default").inputs.keys() & {"ingress", "egress"}
    assert not graph.of_kind("SecurityGroupEgressRule")
    (rule,) = graph.of_kind("SecurityGroupIngressRule")
    assert (rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("10.0.0.0/16", 443, 443)


def test_the_api_server_is_private_and_public_only_for_those_who_are_named(graph: Graph, small: Graph) -> None:
    named, private = graph.one("Cluster/cluster").inputs["vpcConfig"], small.one("Cluster/cluster").inputs["vpcConfig"]
    assert named["endpointPrivateAccess"] is private["endpointPrivateAccess"] is True
    assert (named["endpointPublicAccess"], named["publicAccessCidrs"]) == (True, ["203.0.113.0/24"])
    assert private["endpointPublicAccess"] is False


def test_the_control_plane_is_encrypted_logged_and_adopted_without_replacement(graph: Graph) -> None:
    cluster = graph.one("Cluster/cluster")
    assert cluster.inputs["encryptionConfig"]["resources"] == ["secrets"]
    assert graph.one("Key/cluster-secrets").inputs["enableKeyRotation"] is True
    assert set(cluster.inputs["enabledClusterLogTypes"]) == {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    assert graph.one("LogGroup/cluster").inputs["retentionInDays"] == 30
    assert graph.one("LogGroup/cluster").inputs["name"] == "/aws/eks/inference-test/cluster"
    assert cluster.inputs["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster.inputs["zonalShiftConfig"] == {"enabled": True}
    assert cluster.inputs["bootstrapSelfManagedAddons"] is False
    assert cluster.ignore_changes == {"bootstrapSelfManagedAddons", "accessConfig.bootstrapClusterCreatorAdminPermissions"}


def test_the_control_plane_may_use_its_own_key_and_no_other(graph: Graph) -> None:
    (use,) = rights(graph.one("RolePolicy/cluster-control-plane-secrets"))
    alias = graph.one("Alias/cluster-secrets")
    assert use["Resource"] == ["arn:aws:kms:eu-central-1:*:key/*"]
    assert use["Condition"] == {**OWN_ACCOUNT, "ForAnyValue:StringEquals": {"kms:ResourceAliases": alias.inputs["name"]}}


def test_admins_are_admitted_by_name_or_arn_and_nobody_by_having_made_the_cluster() -> None:
    graph = record(eks(cluster={"admins": ["teams/platform-admin", "arn:aws:iam::111122223333:role/ci"]}))
    principals = {entry.name: entry.inputs["principalArn"] for entry in graph.of_kind("AccessEntry")}
    assert principals == {
        "admin-platform-admin": f"arn:aws:iam::{ACCOUNT}:role/teams/platform-admin",
        "admin-ci": "arn:aws:iam::111122223333:role/ci",
    }
    accounts = [f"arn:aws:iam::{account}:{kind}/ops/ci" for account, kind in (("1" * 12, "role"), ("2" * 12, "role"), ("2" * 12, "user"))]
    entries = record(eks(cluster={"admins": accounts})).of_kind("AccessEntry")
    assert [entry.inputs["principalArn"] for entry in entries] == accounts
    assert entries[0].name == "admin-ci", "what is added later renames nothing"
    access = graph.one("Cluster/cluster").inputs["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}


def test_one_nat_gateway_or_one_for_each_zone(graph: Graph, small: Graph) -> None:
    assert len(graph.of_kind("NatGateway")) == len(graph.of_kind("Eip")) == 3
    assert [gateway.name for gateway in small.of_kind("NatGateway")] == ["nat-eu-central-1a"]
    ways_out = {route.inputs["natGatewayId"] for route in small.of_kind("Route") if "natGatewayId" in route.inputs}
    assert ways_out == {"nat-eu-central-1a-id"}
    for zone in ("a", "b", "c"):
        name = f"eu-central-1{zone}"
        assert graph.one(f"Route/private-{name}-nat").inputs["natGatewayId"] == f"nat-{name}-id"


def test_subnets_say_which_load_balancers_belong_in_them_and_nodes_are_in_private_ones(graph: Graph) -> None:
    for subnet in graph.of_kind("Subnet"):
        role = "kubernetes.io/role/elb" if subnet.name.startswith("public") else "kubernetes.io/role/internal-elb"
        assert {key for key in subnet.inputs["tags"] if key.startswith("kubernetes.io/")} == {role}
        assert not subnet.inputs.get("mapPublicIpOnLaunch")
    private = {f"private-eu-central-1{zone}-id" for zone in "abc"}
    assert set(graph.one("Cluster/cluster").inputs["vpcConfig"]["subnetIds"]) == private
    for group in graph.of_kind("NodeGroup"):
        assert set(group.inputs["subnetIds"]) == private


def test_endpoints_are_s3_and_those_that_are_named(graph: Graph, small: Graph) -> None:
    assert {endpoint.inputs["serviceName"] for endpoint in graph.of_kind("VpcEndpoint")} == {
        "com.amazonaws.eu-central-1.s3",
        "com.amazonaws.eu-central-1.sts",
        "com.amazonaws.eu-central-1.ecr.api",
    }
    assert [endpoint.inputs["vpcEndpointType"] for endpoint in small.of_kind("VpcEndpoint")] == ["Gateway"]
    assert not small.of_kind("SecurityGroup"), "without interface endpoints there is nothing to guard"


def test_flow_logs_are_kept_for_a_time_and_their_writer_can_only_write(graph: Graph) -> None:
    group = graph.one("LogGroup/network-flow-logs")
    assert group.inputs["retentionInDays"] == 90
    (write,) = rights(graph.one("RolePolicy/network-flow-logs-writer-write"))
    assert set(write["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"}
    assert write["Resource"] == [f"arn:aws:logs:eu-central-1:*:log-group:{group.inputs['name']}:*"]
    assert write["Condition"] == OWN_ACCOUNT
    (trust,) = json.loads(graph.one("Role/network-flow-logs-writer").inputs["assumeRolePolicy"])["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}


def test_an_existing_network_is_used_and_left_alone() -> None:
    subnets = ["subnet-0a", "subnet-0b", "subnet-0c"]
    graph = record(eks(cluster={"network": {"kind": "existing", "vpcId": "vpc-0a", "privateSubnetIds": subnets}}))
    assert not [resource.key for resource in on_aws(graph) if resource.type.startswith("aws:ec2/") and resource.kind != "LaunchTemplate"]
    assert graph.one("Cluster/cluster").inputs["vpcConfig"]["subnetIds"] == subnets
    assert graph.one("NodeGroup/gpu").inputs["subnetIds"] == subnets


def test_add_ons_are_pinned_and_those_with_rights_have_an_identity_of_their_own(graph: Graph) -> None:
    addons = {addon.inputs["addonName"]: addon.inputs for addon in graph.of_kind("Addon")}
    assert len(addons) == 7
    assert all("-eksbuild." in addon["addonVersion"] for addon in addons.values())
    accounts = {name: [who["serviceAccount"] for who in addon.get("podIdentityAssociations", [])] for name, addon in addons.items()}
    assert {name: found for name, found in accounts.items() if found} == {
        "vpc-cni": ["aws-node"],
        "aws-ebs-csi-driver": ["ebs-csi-controller-sa"],
    }
    settings = json.loads(addons["vpc-cni"]["configurationValues"])
    assert settings["enableNetworkPolicy"] == "true", "NetworkPolicies would be accepted and do nothing"
    for name in ("vpc-cni", "aws-ebs-csi-driver"):
        (trust,) = json.loads(graph.one(f"Role/{name}").inputs["assumeRolePolicy"])["Statement"]
        assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
        assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]


def test_volumes_are_encrypted_and_made_where_their_pod_is(graph: Graph) -> None:
    storage = graph.one("StorageClass/gp3")
    assert storage.inputs["parameters"] == {"type": "gp3", "encrypted": "true"}
    assert storage.inputs["volumeBindingMode"] == "WaitForFirstConsumer"
    assert storage.inputs["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert storage.delete_before_replace
