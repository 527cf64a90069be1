"""Nodes that Karpenter starts: what a node is, how many there may be, what the controller may do, and who waits for whom."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from components.scheduling import GPU_LABELS, GPU_TAINT
from tests.eks import KARPENTER, eks
from tests.graph.layers import Order
from tests.graph.recording import Graph, record

SPOT = {"capacity": "spot", "instanceTypes": ["g6.xlarge", "g5.xlarge", "g4dn.xlarge"]}
CLUSTER_TAG = "kubernetes.io/cluster/inference-test"


def karpenter(cluster: dict[str, Any] | None = None, **gpu: Any) -> Graph:  # noqa: ANN401 - any YAML
    return record(eks(cluster=cluster, gpu={**KARPENTER, **gpu}))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return karpenter()


def pool(graph: Graph) -> dict[str, Any]:
    spec: dict[str, Any] = graph.one("NodePool/gpu").inputs["spec"]
    return spec


def node_class(graph: Graph) -> dict[str, Any]:
    spec: dict[str, Any] = graph.one("EC2NodeClass/gpu-class").inputs["spec"]
    return spec


def statements(graph: Graph) -> list[dict[str, Any]]:
    documents = [graph.one(f"RolePolicy/karpenter-{name}").inputs["policy"] for name in ("instances", "profiles", "looking")]
    return [statement for document in documents for statement in json.loads(document)["Statement"]]


def test_a_node_is_what_the_services_look_for(graph: Graph) -> None:
    template = pool(graph)["template"]
    assert template["metadata"]["labels"] == GPU_LABELS
    assert template["spec"]["taints"] == [{"key": GPU_TAINT.key, "value": GPU_TAINT.value, "effect": "NoSchedule"}]
    requirements = {each["key"]: (each["operator"], each["values"]) for each in template["spec"]["requirements"]}
    assert requirements == {
        "node.kubernetes.io/instance-type": ("In", ["g6.xlarge"]),
        "karpenter.sh/capacity-type": ("In", ["on-demand"]),
    }
    assert template["spec"]["nodeClassRef"] == {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "gpu"}
    assert graph.one("EC2NodeClass/gpu-class").inputs["metadata"]["name"] == "gpu"


def test_a_node_keeps_its_credentials_and_its_disk_to_itself(graph: Graph) -> None:
    made = node_class(graph)
    assert made["metadataOptions"] == {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
    (disk,) = made["blockDeviceMappings"]
    assert disk == {
        "deviceName": "/dev/xvda",
        "ebs": {"volumeType": "gp3", "volumeSize": "200Gi", "encrypted": True, "deleteOnTermination": True},
    }
    assert made["tags"] == json.loads(graph.one("aws/aws").inputs["defaultTags"])["tags"]
    policies = {each.inputs["policyArn"] for each in graph.of_kind("RolePolicyAttachment") if "karpenter-nodes" in each.name}
    assert len(policies) == 3
    assert not [policy for policy in policies if "CNI" in policy], "the CNI has a role of its own"


def test_nodes_start_in_the_private_subnets_with_the_clusters_own_security_group_and_the_named_image(graph: Graph) -> None:
    made = node_class(graph)
    assert made["amiSelectorTerms"] == [{"alias": "al2023@v20260911"}]
    assert made["subnetSelectorTerms"] == [{"id": f"private-eu-central-1{zone}-id"} for zone in "abc"]
    assert made["securityGroupSelectorTerms"] == [{"id": "sg-0cluster"}]
    assert made["role"] == graph.one("Role/karpenter-nodes").inputs["name"]
    assert "capacityReservationSelectorTerms" not in made
    entry = graph.one("AccessEntry/karpenter-nodes").inputs
    assert (entry["type"], entry["principalArn"]) == ("EC2_LINUX", "arn:aws:iam::111122223333:role/karpenter-nodes")


@pytest.mark.parametrize(
    ("change", "limits"),
    [
        ({}, {"nodes": 2, "nvidia.com/gpu": 2}),
        ({"instanceTypes": ["g6.12xlarge"], "nodes": {"max": 5}}, {"nodes": 5, "nvidia.com/gpu": 20}),
    ],
)
def test_it_never_starts_more_nodes_than_the_stack_file_allows(change: dict[str, Any], limits: dict[str, int]) -> None:
    assert pool(karpenter(**change))["limits"] == limits


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, ["on-demand"]),
        (SPOT, ["spot", "on-demand"]),
        ({"karpenter": {"reservations": ["cr-0a1"]}}, ["reserved", "on-demand"]),
        ({**SPOT, "karpenter": {"reservations": ["cr-0a1", "cr-0b2"]}}, ["reserved", "spot", "on-demand"]),
    ],
)
def test_reservations_come_first_and_on_demand_is_always_left(change: dict[str, Any], kinds: list[str]) -> None:
    graph = karpenter(**change)
    assert pool(graph)["template"]["spec"]["requirements"][1]["values"] == kinds
    reserved = [{"id": each} for each in change.get("karpenter", {}).get("reservations", [])]
    assert node_class(graph).get("capacityReservationSelectorTerms", []) == reserved


def test_a_busy_node_stays_and_an_old_one_goes(graph: Graph) -> None:
    assert pool(graph)["disruption"] == {
        "consolidationPolicy": "WhenEmpty",
        "consolidateAfter": "10m",
        "budgets": [{"nodes": "1", "reasons": ["Drifted"]}],
    }
    assert pool(graph)["template"]["spec"]["expireAfter"] == "720h"
    assert pool(karpenter(karpenter={"expireAfterDays": 7}))["template"]["spec"]["expireAfter"] == "168h"


CHAINS = [
    ["Cluster/cluster", "PodIdentityAssociation/karpenter", "Release/karpenter", "EC2NodeClass/gpu-class", "NodePool/gpu"],
    ["Release/karpenter-crd", "Release/karpenter"],
    ["NodeGroup/system", "Release/karpenter-crd"],
    # A destroy ends the instances first, and a node needs its role and its entry to the end.
    ["RolePolicyAttachment/karpenter-nodes-amazoneksworkernodepolicy", "AccessEntry/karpenter-nodes", "Release/karpenter"],
    *(["RolePolicy/karpenter-" + name, "PodIdentityAssociation/karpenter"] for name in ("instances", "profiles", "looking")),
    ["QueuePolicy/karpenter-interruptions", "EventTarget/karpenter-interruptions-spot-interruption", "Release/karpenter"],
]


@pytest.mark.parametrize(("earlier", "later"), [pair for chain in CHAINS for pair in pairwise(chain)])
def test_order(graph: Graph, earlier: str, later: str) -> None:
    assert graph.comes_after(later, earlier), f"{later} does not wait for {earlier}"


def test_no_rule_of_creation_and_destruction_is_broken(graph: Graph) -> None:
    assert Order(graph).mistakes() == []


def test_the_autoscaler_stays_for_the_system_nodes_and_knows_no_gpus(graph: Graph) -> None:
    assert [group.name for group in graph.of_kind("NodeGroup")] == ["system"]
    assert not graph.of_kind("Tag")
    assert graph.one("Release/cluster-autoscaler")
    off = karpenter(cluster={"autoscaler": {"enabled": False}})
    assert [each.name for each in off.of_kind("Release") if "karpenter" in each.name] == ["karpenter-crd", "karpenter"]


def test_the_controller_acts_on_its_own_clusters_resources_only(graph: Graph) -> None:
    for statement in statements(graph):
        acts = [action for action in statement["Action"] if not action.partition(":")[2].startswith(("Describe", "Get", "List"))]
        conditions = json.dumps(statement.get("Condition", {}))
        named = not [resource for resource in statement["Resource"] if resource.endswith("*")]
        borrowed = "arn:aws:ec2:eu-central-1:*:subnet/*" in statement["Resource"]
        assert not acts or named or borrowed or CLUSTER_TAG in conditions, f"{acts} on resources of other clusters"
        assert "*" not in statement["Resource"] or not acts


def test_the_start_of_an_instance_is_allowed_on_all_that_it_makes_and_uses(graph: Graph) -> None:
    """The kinds of docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html that RunInstances requires."""
    allowed = {
        resource for statement in statements(graph) if "ec2:RunInstances" in statement["Action"] for resource in statement["Resource"]
    }
    needed = {"image", "instance", "network-interface", "security-group", "subnet", "volume", "launch-template"}
    assert needed <= {resource.split(":")[5].partition("/")[0] for resource in allowed}


def test_the_controller_gives_ec2_no_role_but_the_nodes(graph: Graph) -> None:
    (passing,) = [statement for statement in statements(graph) if "iam:PassRole" in statement["Action"]]
    assert passing["Resource"] == [f"arn:aws:iam::*:role/{node_class(graph)['role']}"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_the_rights_fit_into_a_role_of_the_longest_name() -> None:
    graph = karpenter(cluster={"name": "a" * 30, "region": "ap-northeast-1", "zones": ["ap-northeast-1a", "ap-northeast-1c"]})
    policies = [each.inputs["policy"] for each in graph.of_kind("RolePolicy") if each.name.startswith("karpenter-")]
    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; white space does not count.
    assert sum(len("".join(policy.split())) for policy in policies) <= 10_240
    named = [each.inputs["name"] for each in graph if each.type in {"aws:cloudwatch/eventRule:EventRule", "aws:iam/role:Role"}]
    assert len(named) > 10
    assert max(map(len, named)) <= 64


def test_zonal_shift_is_asked_about_only_where_it_is_on(graph: Graph) -> None:
    def asked(found: Graph) -> tuple[bool, bool]:
        settings = found.one("Release/karpenter").inputs["values"]["settings"]
        return settings["enableZonalShift"], "arc-zonal-shift:GetManagedResource" in json.dumps(statements(found))

    assert asked(graph) == (False, False)
    assert asked(karpenter(cluster={"zonalShift": True})) == (True, True)


def test_every_warning_reaches_the_queue_that_the_controller_reads(graph: Graph) -> None:
    queue = graph.one("Queue/karpenter-interruptions").inputs
    assert queue["sqsManagedSseEnabled"] is True
    assert graph.one("Release/karpenter").inputs["values"]["settings"]["interruptionQueue"] == queue["name"]
    rules = {rule.inputs["name"]: json.loads(rule.inputs["eventPattern"]) for rule in graph.of_kind("EventRule")}
    assert len(rules) == 5
    assert {target.inputs["rule"] for target in graph.of_kind("EventTarget")} == set(rules)
    allow, deny = json.loads(graph.one("QueuePolicy/karpenter-interruptions").inputs["policy"])["Statement"]
    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    (pattern,) = allow["Condition"]["ArnLike"].values()
    assert all(name.startswith(pattern.rpartition("/")[2].removesuffix("*")) for name in rules)
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (reading,) = [each for each in statements(graph) if "sqs:ReceiveMessage" in each["Action"]]
    assert reading["Resource"] == [allow["Resource"]] == [f"arn:aws:sqs:eu-central-1:*:{queue['name']}"]


def test_a_deleted_pool_may_wait_for_its_instances(graph: Graph) -> None:
    assert graph.one("NodePool/gpu").delete_timeout == "1800s"
