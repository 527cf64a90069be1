"""Compares what models ask for with what the stack's GPU pool has, and names both numbers.

Refused is what could never run: a replica that fits no node, and fewest replicas (`replicas.min` of every version of every model) that
all nodes of the pool together do not hold. Most replicas (`replicas.max`) are refused only where one version alone is larger than the
pool: several models may share nodes by turns, and KEDA's last replica then waits for a node, which an alert reports.

Not compared, because an entry does not say it: weights whose size nobody wrote down (`server.weightsGib`), and the KV cache, whose bytes
for each token follow from the model's layers and heads; vLLM itself refuses to start where not one sequence of maxModelLen fits.
On GPU nodes that the cluster brought along (`gpu.mode: existing`) types and numbers are not known, so only the sharing of GPUs is compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from components.aws.instance_types import GPU_INSTANCES, GpuInstance
from components.gpu import GpuDemand, GpuSharing
from components.quantities import amount
from components.serving.model_service import ModelService
from stacks.config.cluster import GpuConfig

DAEMON_CPUS = 0.18
DAEMON_MEMORY_MIB = 120
"""Minimum requests of the daemons on every node: aws-node 50m, kube-proxy 100m, ebs-csi-node 30m and 3 x 40Mi (EKS add-ons)."""

MIB = 1024**2


def more_than_there_is(models: Mapping[str, ModelService], found: Mapping[str, Any]) -> list[str]:
    """Return one text for each thing of which models ask more than there is."""
    gpu: GpuConfig | None = found.get("gpu")
    on_gpus = {name: model for name, model in models.items() if model.server.gpu_count}
    texts = [f"{name}: {text}" for name, model in models.items() for text in _memory_volumes(model)]
    if gpu is None or not on_gpus:
        return texts
    pool = _Pool(gpu)
    texts += [f"{name}: {text}" for name, model in on_gpus.items() for text in pool.refuses(model)]
    # Where a single replica does not fit, sums over replicas say the same again.
    return texts or [*pool.together(on_gpus), *_shared(on_gpus, gpu)]


def outside_the_instance(model: ModelService, instance_type: str) -> Iterator[str]:
    """Yield one text for each thing of which a server asks more than an instance of this EC2 type has for it alone."""
    demand = model.server.gpu_demand
    if demand.count and instance_type not in GPU_INSTANCES:
        yield f"{demand.field} {demand.count}, and {instance_type} has no GPU"
    if not demand.count or instance_type not in GPU_INSTANCES:
        return
    pool = _Pool(GpuConfig.model_validate({"mode": "managed", "instanceTypes": [instance_type]}))
    yield from pool.too_few(demand) or [*pool.too_old(demand), *pool.too_heavy(demand)]


def _memory_volumes(model: ModelService) -> Iterator[str]:
    """Volumes in memory, such as /dev/shm, count as the pod's memory: Kubernetes kills a pod that fills them beyond its limit."""
    limit = model.resources.limits.memory
    for volume in model.server.volumes():
        directory = volume.get("emptyDir", {})
        if directory.get("medium") == "Memory" and amount(directory["sizeLimit"]) > amount(limit):
            size = directory["sizeLimit"]
            yield f"resources.limits.memory {limit} is less than server.sharedMemory {size}, which counts as memory of the pod"


class _Pool:
    """The GPU nodes, each as small as the smallest of the pool's instance types, because which type comes is EC2's choice.

    Karpenter starts a type on which the waiting pod fits, so its nodes are as large as the largest. It knows neither the memory of a GPU
    nor its capabilities.
    """

    def __init__(self, gpu: GpuConfig) -> None:
        self.gpu = gpu
        self.types = {name: GPU_INSTANCES[name] for name in gpu.instance_types}
        self.names = ", ".join(self.types)

    @property
    def gpus(self) -> int:
        """GPUs of each node; the same for every type of a pool."""
        return next(iter(self.types.values())).gpus

    @property
    def offered(self) -> int:
        """GPUs that each node offers to pods."""
        return GpuSharing(**self.gpu.sharing.model_dump()).advertised(self.gpus)

    def refuses(self, model: ModelService) -> list[str]:
        """Return one text for each reason for which no node could run a replica."""
        demand, slices = model.server.gpu_demand, self.gpu.sharing.replicas
        if demand.count > 1 and slices > 1:
            return [
                f"{demand.field} {demand.count} on GPUs that {slices} pods share (gpu.sharing.replicas): "
                "several slices may be one and the same GPU; share none, or ask for 1"
            ]
        if not self.types:
            return []
        return self.too_few(demand) or [*self._too_large(model), *self.too_old(demand), *self.too_heavy(demand)]

    def too_few(self, demand: GpuDemand) -> list[str]:
        enough = demand.count <= self.gpus
        return [] if enough else [f"{demand.field} {demand.count} is more than a node has: {self.gpus} ({self.names})"]

    def _too_large(self, model: ModelService) -> Iterator[str]:
        requests = model.resources.requests
        name, node = self._judged(lambda each: each.pod_memory_mib)
        if _memory(model) > _memory_of(node):
            yield (
                f"resources.requests.memory {requests.memory} is more than the {_memory_of(node):.0f}Mi that a node of {name} "
                f"({node.memory_gib} GiB) has left for it"
            )
        name, node = self._judged(lambda each: each.pod_cpus)
        if _cpus(model) > _cpus_of(node):
            yield f"resources.requests.cpu {requests.cpu} is more than the {_cpus_of(node):g} CPUs that a node of {name} has left for it"

    def _judged(self, size: Callable[[GpuInstance], float]) -> tuple[str, GpuInstance]:
        """The type that decides, by one of its sizes."""
        ordered = sorted(self.types.items(), key=lambda each: size(each[1]))
        return ordered[-1 if self.gpu.mode == "karpenter" else 0]

    def too_old(self, demand: GpuDemand) -> Iterator[str]:
        name, oldest = min(self.types.items(), key=lambda each: each[1].gpu.compute_capability)
        for setting, least in demand.capabilities.items():
            if oldest.gpu.compute_capability < least:
                yield (
                    f"server.{setting} needs GPUs of compute capability {least}, and the {oldest.gpu.name} of {name} has "
                    f"{oldest.gpu.compute_capability}; leave one of the two out"
                )

    def too_heavy(self, demand: GpuDemand) -> Iterator[str]:
        name, least = min(self.types.items(), key=lambda each: each[1].gpu.memory_mib)
        room = demand.count * least.gpu.memory_mib / 1024 * (demand.memory_share or 1)
        if demand.weights_gib is not None and demand.weights_gib >= room:
            yield (
                f"server.weightsGib {demand.weights_gib:g} does not fit, with a cache beside it, into {room:.1f} GiB: "
                f"{demand.memory_share or 1:g} of {demand.count} x {least.gpu.memory_mib / 1024:.1f} GiB ({least.gpu.name} of {name})"
            )

    def together(self, models: Mapping[str, ModelService]) -> Iterator[str]:
        """Yield a text where the pool is too small for the fewest replicas of all models, or for the most of one version."""
        if not self.types:
            return
        most = self.gpu.nodes.max
        fewest = {name: model.replicas.min * len(model.all_versions) for name, model in models.items()}
        if (needed := self._nodes(models, fewest)) > most:
            replicas = ", ".join(f"{name} {fewest[name]} x {_gpus(model)}" for name, model in models.items())
            yield (
                f"the fewest replicas (replicas.min of every version: {replicas}) need {needed} nodes of {self.names}, "
                f"and gpu.nodes.max is {most}; raise it, or lower replicas.min"
            )
            return
        for name, model in models.items():
            if (needed := self._nodes({name: model}, {name: model.replicas.max})) > most:
                yield (
                    f"{name}: replicas.max {model.replicas.max} x {_gpus(model)} needs {needed} nodes of {self.names}, "
                    f"and gpu.nodes.max is {most}; raise it, or lower replicas.max"
                )

    def _nodes(self, models: Mapping[str, ModelService], replicas: Mapping[str, int]) -> int:
        """Nodes without which so many replicas certainly find no place. How pods are packed may take more."""
        sums = (
            sum(count * models[name].server.gpu_count for name, count in replicas.items()) / self.offered,
            sum(count * _memory(models[name]) for name, count in replicas.items()) / self._memory,
            sum(count * _cpus(models[name]) for name, count in replicas.items()) / self._cpus,
        )
        alone = (math.ceil(count / self._on_one_node(models[name])) for name, count in replicas.items())
        return max(*(math.ceil(each) for each in sums), *alone)

    def _on_one_node(self, model: ModelService) -> int:
        by_cpu = self._cpus // _cpus(model) if _cpus(model) else math.inf
        return int(min(self.offered // model.server.gpu_count, self._memory // _memory(model), by_cpu))

    @property
    def _memory(self) -> float:
        """MiB of a node that are left for replicas."""
        return _memory_of(self._judged(lambda each: each.pod_memory_mib)[1])

    @property
    def _cpus(self) -> float:
        """CPUs of a node that are left for replicas."""
        return _cpus_of(self._judged(lambda each: each.pod_cpus)[1])


def _shared(models: Mapping[str, ModelService], gpu: GpuConfig) -> Iterator[str]:
    """Time-slicing separates no memory, and vLLM takes its share at the start or fails (vllm#20305): so shares add up to 1 at most."""
    shares = sorted(
        (
            share
            for model in models.values()
            if (share := model.server.gpu_demand.memory_share) is not None
            for _ in range(model.replicas.max * len(model.all_versions))
        ),
        reverse=True,
    )[: gpu.sharing.replicas]
    if len(shares) > 1 and round(sum(shares), 6) > 1:
        yield (
            f"{len(shares)} replicas may share one GPU (gpu.sharing.replicas {gpu.sharing.replicas}), and their gpuMemoryUtilization "
            f"adds up to {sum(shares):.2f}, which is more than 1; write {math.floor(100 / len(shares)) / 100:g} or less for each"
        )


def _gpus(model: ModelService) -> str:
    return f"{model.server.gpu_count} GPU{'s' if model.server.gpu_count > 1 else ''}"


def _memory(model: ModelService) -> float:
    """MiB that a replica requests."""
    return float(amount(model.resources.requests.memory)) / MIB


def _cpus(model: ModelService) -> float:
    """CPUs that a replica requests."""
    return float(amount(model.resources.requests.cpu)) if model.resources.requests.cpu else 0.0


def _memory_of(node: GpuInstance) -> float:
    """MiB of a node that are left for replicas."""
    return node.pod_memory_mib - DAEMON_MEMORY_MIB


def _cpus_of(node: GpuInstance) -> float:
    """CPUs of a node that are left for replicas."""
    return round(node.pod_cpus - DAEMON_CPUS, 3)
