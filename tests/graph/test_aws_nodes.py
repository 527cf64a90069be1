"""Node pools: what a node is, what it may do, and how the autoscaler knows it before there is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.gpu import GpuSharing
from components.scheduling import GPU_LABELS, GPU_TAINT, GPU_TOLERATION
from tests.eks import eks
from tests.graph.recording import Graph, record

TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
POOLS = ("system", "gpu")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return record(eks())


def tags(graph: Graph) -> dict[str, str]:
    assert not [tag.key for tag in graph.of_kind("Tag") if tag.inputs["autoscalingGroupName"] != "eks-gpu-group"]
    return {tag.inputs["tag"]["key"]: tag.inputs["tag"]["value"] for tag in graph.of_kind("Tag")}


@pytest.mark.parametrize("pool", POOLS)
def test_a_node_keeps_its_credentials_and_its_disk_to_itself(graph: Graph, pool: str) -> None:
    template = graph.one(f"LaunchTemplate/{pool}").inputs
    assert template["metadataOptions"] == {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
    (disk,) = template["blockDeviceMappings"]
    assert disk["deviceName"] == "/dev/xvda"
    assert (disk["ebs"]["encrypted"], disk["ebs"]["volumeType"], disk["ebs"]["deleteOnTermination"]) == ("true", "gp3", "true")
    # Either would take the choice of image, or the cluster's own security group, away from EKS.
    assert not template.keys() & {"imageId", "vpcSecurityGroupIds", "keyName", "networkInterfaces"}
    policies = {attachment.inputs["policyArn"] for attachment in graph.of_kind("RolePolicyAttachment") if pool in attachment.name}
    assert not [policy for policy in policies if "CNI" in policy], "the CNI has a role of its own"


@pytest.mark.parametrize("pool", POOLS)
def test_the_default_tags_stand_on_what_they_do_not_reach_by_themselves(graph: Graph, pool: str) -> None:
    defaults = json.loads(graph.one("aws/aws").inputs["defaultTags"])["tags"]
    tagged = {kind["resourceType"]: kind["tags"] for kind in graph.one(f"LaunchTemplate/{pool}").inputs["tagSpecifications"]}
    assert set(tagged) == {"instance", "volume", "network-interface"}
    assert all(defaults.items() <= found.items() for found in tagged.values())


@pytest.mark.parametrize("pool", POOLS)
def test_the_autoscaler_owns_the_size_and_a_replacement_comes_before_its_predecessor_goes(graph: Graph, pool: str) -> None:
    group = graph.one(f"NodeGroup/{pool}")
    assert group.ignore_changes == {"scalingConfig.desiredSize"}
    assert not group.delete_before_replace
    assert group.inputs["nodeGroupNamePrefix"] == f"{pool}-"
    assert not group.inputs.keys() & {"nodeGroupName", "diskSize", "remoteAccess"}
    assert group.inputs["nodeRepairConfig"] == {"enabled": True}
    assert group.inputs["version"] == "1.35", "left out, nodes would stay behind when the control plane is upgraded"
    scaling = group.inputs["scalingConfig"]
    assert scaling["minSize"] == scaling["desiredSize"] <= scaling["maxSize"]


def test_a_gpu_node_is_what_the_services_look_for(graph: Graph) -> None:
    group = graph.one("NodeGroup/gpu").inputs
    assert group["amiType"] == "AL2023_x86_64_NVIDIA"
    assert GPU_LABELS.items() <= group["labels"].items()
    assert group["taints"] == [{"key": GPU_TAINT.key, "value": GPU_TAINT.value, "effect": "NO_SCHEDULE"}]
    assert (GPU_TOLERATION.key, GPU_TOLERATION.effect) == (GPU_TAINT.key, GPU_TAINT.effect)
    assert group["updateConfig"] == {"maxUnavailable": 1, "updateStrategy": "MINIMAL"}
    assert "taints" not in graph.one("NodeGroup/system").inputs or not graph.one("NodeGroup/system").inputs["taints"]


def test_the_autoscaler_expects_of_an_empty_pool_exactly_what_its_nodes_will_be(graph: Graph) -> None:
    group = graph.one("NodeGroup/gpu").inputs
    expected = {f"{TEMPLATE}/label/{key}": value for key, value in group["labels"].items()}
    # Kubernetes' spelling of the effect here, EKS' own in the group.
    expected |= {f"{TEMPLATE}/taint/{GPU_TAINT.key}": f"{GPU_TAINT.value}:NoSchedule"}
    disk = graph.one("LaunchTemplate/gpu").inputs["blockDeviceMappings"][0]["ebs"]["volumeSize"]
    expected |= {f"{TEMPLATE}/resources/nvidia.com/gpu": "1", f"{TEMPLATE}/resources/ephemeral-storage": f"{disk:.0f}Gi"}
    assert tags(graph) == expected


@pytest.mark.parametrize(
    ("change", "offered"),
    [
        ({"instanceTypes": ["g6.12xlarge"]}, "4"),
        ({"instanceTypes": ["g5.48xlarge"], "sharing": {"strategy": "time-slicing", "replicas": 3}}, "24"),
    ],
)
def test_the_autoscaler_counts_gpus_as_pods_see_them(change: dict[str, Any], offered: str) -> None:
    assert tags(record(eks(gpu=change)))[f"{TEMPLATE}/resources/nvidia.com/gpu"] == offered
    assert GpuSharing(strategy="time-slicing", replicas=3).advertised(8) == 24


def test_spot_takes_every_type_it_is_given_and_prod_boots_the_image_it_names() -> None:
    types = ["g6.xlarge", "g5.xlarge", "g6e.xlarge"]
    group = record(eks(gpu={"capacity": "spot", "instanceTypes": types, "releaseVersion": "1.35.7-20260911"})).one("NodeGroup/gpu").inputs
    assert (group["capacityType"], group["instanceTypes"], group["releaseVersion"]) == ("SPOT", types, "1.35.7-20260911")


def test_without_managed_gpu_nodes_there_is_neither_pool_nor_tag() -> None:
    graph = record(eks(gpu={"mode": "none", "instanceTypes": []}, gpuOperator={"enabled": False}))
    assert [group.name for group in graph.of_kind("NodeGroup")] == ["system"]
    assert not graph.of_kind("Tag")


def test_the_autoscaler_may_look_at_all_and_act_on_this_clusters_groups_only(graph: Graph) -> None:
    statements = json.loads(graph.one("RolePolicy/cluster-autoscaler-scale").inputs["policy"])["Statement"]
    for statement in statements:
        acts = [action for action in statement["Action"] if not action.partition(":")[2].startswith(("Describe", "Get"))]
        owned = {"StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/inference-test": "owned"}}
        assert not acts or statement["Condition"] == owned, f"{acts} on any group of the account"
    assert {action for statement in statements for action in statement["Action"] if "Set" in action or "Terminate" in action} == {
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
    }


def test_the_autoscaler_knows_its_region_and_fits_the_cluster(graph: Graph) -> None:
    values = graph.one("Release/cluster-autoscaler").inputs["values"]
    assert values["awsRegion"] == "eu-central-1"
    assert values["autoDiscovery"] == {"clusterName": "inference-test"}
    assert values["image"]["tag"].startswith("v1.35.")
    identity = graph.one("PodIdentityAssociation/cluster-autoscaler").inputs
    assert values["rbac"]["serviceAccount"]["name"] == identity["serviceAccount"]
    assert graph.one("Release/cluster-autoscaler").inputs["namespace"] == identity["namespace"]
