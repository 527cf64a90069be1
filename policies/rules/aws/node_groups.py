"""Node groups: instance types, image, taints, and the tags from which the autoscaler knows an empty group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.aws.ec2_types import unfit
from components.aws.instance_types import GPU_INSTANCES
from components.scheduling import GPU_RESOURCE, GPU_TAINT
from policies.cost import is_gpu
from policies.rules.resource import Resource, value_at
from policies.rules.rule import Rule, StackRule
from policies.settings import Settings

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
TAG = "aws:autoscaling/tag:Tag"
NODE_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


def _instance_types(group: Resource, _settings: Settings) -> Iterator[str]:
    nvidia = "NVIDIA" in group.get("amiType", "")
    names = [str(name) for name in group.get("instanceTypes", [])]
    if not names:
        yield "instanceTypes is empty: AWS would choose"
    for name in names:
        if nvidia and name not in GPU_INSTANCES:
            yield f"{name} is none of the GPU types that a pool may have (components/aws/instance_types.py)"
        if not nvidia and (reason := unfit(name)):
            yield f"{name} {reason}"


def _tainted(group: Resource, _settings: Settings) -> Iterator[str]:
    taints = [(value_at(taint, "key"), value_at(taint, "effect")) for taint in group.get("taints", [])]
    if (GPU_TAINT.key, "NO_SCHEDULE") not in taints:
        yield f"has no taint {GPU_TAINT.key}:NO_SCHEDULE: pods that need no GPU fill nodes that cost ten times as much"


def _image_pinned(group: Resource, _settings: Settings) -> Iterator[str]:
    if not group.get("releaseVersion"):
        yield "releaseVersion is missing: its nodes get whatever image is newest on the day"


def _on_demand(groups: Sequence[Resource], settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    gpu = [group for group in groups if is_gpu(group)]
    if settings.environment == "prod" and gpu and all(group.get("capacityType", "ON_DEMAND") == "SPOT" for group in gpu):
        yield "capacityType is SPOT, and so are all GPU pools: AWS may take every GPU away within two minutes", gpu[0]


def _from_zero(resources: Sequence[Resource], _settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    # Only `pulumi up` knows which autoscaling group a tag is for; a stack has one GPU pool.
    tags = {resource.get("tag.key") for resource in resources if resource.type == TAG}
    for group in resources:
        if group.type != NODE_GROUP or group.get("scalingConfig.minSize", 0) > 0:
            continue
        wanted = [f"{NODE_TEMPLATE}/label/{label}" for label in group.get("labels", {})]
        wanted += [f"{NODE_TEMPLATE}/taint/{value_at(taint, 'key')}" for taint in group.get("taints", [])]
        wanted += [f"{NODE_TEMPLATE}/resources/{GPU_RESOURCE}"] if is_gpu(group) else []
        if missing := [key for key in wanted if key not in tags]:
            yield f"may be empty, and the autoscaling group lacks {', '.join(missing)}: its first node never starts", group


RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        name="node-instance-types",
        title="A node group has listed instance types that its image supports",
        why="A GPU type with the plain image costs money and offers no GPU; a type that the image cannot boot never becomes a node.",
        fix="Use types from components/aws/instance_types.py for gpu.instanceTypes, and x86_64 types without GPUs for cluster.systemNodes.",
        severity="high",
        types=(NODE_GROUP,),
        check=_instance_types,
    ),
    Rule(
        name="gpu-pool-tainted",
        title="Only pods that ask for a GPU run on GPU nodes",
        why="The scheduler fills any node without a taint, and a full GPU node makes the autoscaler add another.",
        fix="GpuNodePool passes GPU_TAINT; keep it.",
        severity="high",
        types=(NODE_GROUP,),
        check=_tainted,
        applies=lambda group, _settings: is_gpu(group),
    ),
    Rule(
        name="node-image-pinned",
        title="If digests are required, the machine image is pinned too",
        why="The image contains the driver, so nodes of one pool would differ by their start date.",
        fix="Set releaseVersion of cluster.systemNodes and of gpu in the stack file, such as 1.35.7-20260911.",
        severity="high",
        types=(NODE_GROUP,),
        check=_image_pinned,
        applies=lambda _group, settings: settings.digests_required,
    ),
    StackRule(
        name="gpu-on-demand-in-prod",
        title="Production has GPUs that AWS cannot take away",
        why="A spot market without capacity ends every replica at once.",
        fix="Set gpu.capacity to on-demand in the stack file.",
        severity="high",
        types=(NODE_GROUP,),
        check=_on_demand,
    ),
    StackRule(
        name="empty-pool-described",
        title="The autoscaler knows the nodes of an empty pool",
        why="A managed node group's tags do not reach its autoscaling group (eksctl#7543), so pods would wait for a node for ever.",
        fix="GpuNodePool makes the tags with node_template(); keep one for every label, taint and resource.",
        severity="high",
        types=(NODE_GROUP, TAG),
        check=_from_zero,
        reference="https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md",
    ),
)
