"""Pools of nodes: instance types, image, taints, limit, and the tags from which the autoscaler knows an empty group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.aws.ec2_types import unfit
from components.aws.instance_types import GPU_INSTANCES
from components.scheduling import GPU_RESOURCE, GPU_TAINT
from policies.node_pools import NODE_CLASS, NODE_GROUP, NODE_POOL, instance_types, is_gpu, on_spot, sizes, taints
from policies.rules.resource import Resource, value_at
from policies.rules.rule import Rule, StackRule
from policies.settings import Settings

POOLS = (NODE_GROUP, NODE_POOL)
TAG = "aws:autoscaling/tag:Tag"
NODE_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


def _instance_types(pool: Resource, _settings: Settings) -> Iterator[str]:
    # Karpenter takes the image for NVIDIA's GPUs for every type that has some.
    nvidia = pool.type == NODE_POOL or "NVIDIA" in pool.get("amiType", "")
    names = instance_types(pool)
    if not names:
        yield "names no instance types: AWS or Karpenter would choose"
    for name in names:
        if nvidia and name not in GPU_INSTANCES:
            yield f"{name} is none of the GPU types that a pool may have (components/aws/instance_types.py)"
        if not nvidia and (reason := unfit(name)):
            yield f"{name} {reason}"


def _tainted(pool: Resource, _settings: Settings) -> Iterator[str]:
    if (GPU_TAINT.key, True) not in taints(pool):
        yield f"has no taint {GPU_TAINT.key} with the effect NoSchedule: pods that need no GPU fill nodes that cost ten times as much"


def _image_pinned(group: Resource, _settings: Settings) -> Iterator[str]:
    if not group.get("releaseVersion"):
        yield "releaseVersion is missing: its nodes get whatever image is newest on the day"


def _image_named(node_class: Resource, _settings: Settings) -> Iterator[str]:
    for term in node_class.get("spec.amiSelectorTerms", []):
        if not value_at(term, "id") and value_at(term, "alias", "@latest").endswith("@latest"):
            yield "amiSelectorTerms finds newer images: the day of a release replaces every node"


def _limited(pool: Resource, _settings: Settings) -> Iterator[str]:
    if sizes(pool)[1] is None:
        yield "spec.limits.nodes is missing: nothing else ends what Karpenter may spend"


def _on_demand(pools: Sequence[Resource], settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    gpu = [pool for pool in pools if is_gpu(pool)]
    if settings.environment == "prod" and gpu and all(map(on_spot, gpu)):
        yield "its capacity is spot, and so is that of all GPU pools: AWS may take every GPU away within two minutes", gpu[0]


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
        title="A pool of nodes has listed instance types that its image supports",
        why="A GPU type with the plain image costs money and offers no GPU; a type that the image cannot boot never becomes a node.",
        fix="Use types from components/aws/instance_types.py for gpu.instanceTypes, and x86_64 types without GPUs for cluster.systemNodes.",
        severity="high",
        types=POOLS,
        check=_instance_types,
    ),
    Rule(
        name="gpu-pool-tainted",
        title="Only pods that ask for a GPU run on GPU nodes",
        why="The scheduler fills any node without a taint, and a full GPU node makes the autoscaler add another.",
        fix="GpuNodePool and KarpenterNodePool pass GPU_TAINT; keep it.",
        severity="high",
        types=POOLS,
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
    Rule(
        name="karpenter-image-pinned",
        title="Karpenter's nodes have one named machine image",
        why="A selector that finds newer images makes every node drift, and all models load again on a day that nobody chose.",
        fix="Set gpu.releaseVersion in the stack file, such as 1.35.7-20260911.",
        severity="high",
        types=(NODE_CLASS,),
        check=_image_named,
        reference="https://karpenter.sh/docs/tasks/managing-amis/",
    ),
    Rule(
        name="karpenter-pool-limited",
        title="Karpenter starts no more nodes than the stack file allows",
        why="It starts a node for every pod that finds no place; a mistaken number of replicas would buy every GPU of the region.",
        fix="KarpenterNodePool sets limits from gpu.nodes.max; keep them.",
        severity="critical",
        types=(NODE_POOL,),
        check=_limited,
    ),
    StackRule(
        name="gpu-on-demand-in-prod",
        title="Production has GPUs that AWS cannot take away",
        why="A spot market without capacity ends every replica at once.",
        fix="Set gpu.capacity to on-demand in the stack file.",
        severity="high",
        types=POOLS,
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
