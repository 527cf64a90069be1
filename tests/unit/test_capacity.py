"""Models compared with the GPU pool: each rule refuses with both numbers, and accepts the nearest value that fits."""

from __future__ import annotations

from typing import Any

import pytest

from components.aws.instance_types import GPU_INSTANCES
from stacks.config import ConfigError, parse
from tests import stack_files
from tests.stack_files import SMOLLM

SLICED = {"gpu__sharing": {"strategy": "time-slicing", "replicas": 2}}
TWO_VERSIONS = [
    {"name": "v1", "source": "s3://models/smollm/one", "weight": 90},
    {"name": "v2", "source": "s3://models/smollm/two", "weight": 10},
]


def mistakes(**changes: Any) -> list[str]:  # noqa: ANN401 - any YAML
    """Return prod. Its pool is at most three g6.xlarge: one L4 each, 16 GiB, four vCPUs. `llm__<key>` changes its language model."""
    values = stack_files.prod(**{key.replace("llm__", f"models__{SMOLLM}__"): value for key, value in changes.items()})
    try:
        parse(values, "prod")
    except ConfigError as error:
        return [line.removeprefix("Pulumi.prod.yaml: inference-platform:models: ") for line in error.lines]
    return []


def vllm(**settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    return {"kind": "vllm", "maxModelLen": 2048, **settings}


def resources(memory: str, cpu: str = "2") -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu, "memory": memory}}


@pytest.mark.parametrize("stack", ["local", "local_with_smollm", "dev", "prod"])
def test_the_committed_stacks_fit_their_pools(stack: str) -> None:
    assert parse(getattr(stack_files, stack)(), stack.partition("_")[0]).models


@pytest.mark.parametrize(
    ("refused", "text", "accepted"),
    [
        pytest.param(
            {"llm__resources": resources("64Gi")},
            "resources.requests.memory 64Gi is more than the 14042Mi that a node of g6.xlarge (16 GiB) has left for it",
            {"llm__resources": resources("14042Mi")},
            id="memory",
        ),
        pytest.param(
            {"llm__resources": resources("14043Mi")},
            "resources.requests.memory 14043Mi is more than the 14042Mi that a node of g6.xlarge (16 GiB) has left for it",
            {"llm__resources": resources("14043Mi"), "gpu__instanceTypes": ["g6.2xlarge"]},
            id="memory, a larger type",
        ),
        pytest.param(
            {"llm__resources": resources("12Gi", cpu="4")},
            "resources.requests.cpu 4 is more than the 3.74 CPUs that a node of g6.xlarge has left for it",
            {"llm__resources": resources("12Gi", cpu="3740m")},
            id="cpu",
        ),
        pytest.param(
            {"llm__server": vllm(sharedMemory="13Gi")},
            "resources.limits.memory 12Gi is less than server.sharedMemory 13Gi, which counts as memory of the pod",
            {"llm__server": vllm(sharedMemory="12Gi")},
            id="shared memory",
        ),
        pytest.param(
            {"llm__server": vllm(tensorParallel=2)},
            "server.tensorParallel 2 is more than a node has: 1 (g6.xlarge)",
            {"llm__server": vllm(tensorParallel=2), "gpu__instanceTypes": ["g6.12xlarge"]},
            id="GPUs",
        ),
        pytest.param(
            {"llm__server": vllm(weightsGib=20.2)},
            "server.weightsGib 20.2 does not fit, with a cache beside it, into 20.1 GiB: 0.9 of 1 x 22.4 GiB (L4 of g6.xlarge)",
            {"llm__server": vllm(weightsGib=20)},
            id="weights",
        ),
        pytest.param(
            {"llm__server": vllm(weightsGib=20.2)},
            "server.weightsGib 20.2 does not fit, with a cache beside it, into 20.1 GiB: 0.9 of 1 x 22.4 GiB (L4 of g6.xlarge)",
            {"llm__server": vllm(weightsGib=20.2, gpuMemoryUtilization=0.95)},
            id="weights, more of the GPU",
        ),
        pytest.param(
            {"llm__server": vllm(weightsGib=41, tensorParallel=2), "gpu__instanceTypes": ["g6.12xlarge"]},
            "server.weightsGib 41 does not fit, with a cache beside it, into 40.2 GiB: 0.9 of 2 x 22.4 GiB (L4 of g6.12xlarge)",
            {"llm__server": vllm(weightsGib=41, tensorParallel=3), "gpu__instanceTypes": ["g6.12xlarge"]},
            id="weights on two GPUs",
        ),
        pytest.param(
            {"llm__server": vllm(tensorParallel=2), "gpu__instanceTypes": ["g6.12xlarge"], **SLICED},
            "server.tensorParallel 2 on GPUs that 2 pods share (gpu.sharing.replicas): "
            "several slices may be one and the same GPU; share none, or ask for 1",
            {"llm__server": vllm(gpuMemoryUtilization=0.5), "gpu__instanceTypes": ["g6.12xlarge"], **SLICED},
            id="several slices",
        ),
    ],
)
def test_a_replica_larger_than_a_node_is_refused(refused: dict[str, Any], text: str, accepted: dict[str, Any]) -> None:
    assert mistakes(**refused) == [f"{SMOLLM}: {text}"]
    assert mistakes(**accepted) == []


@pytest.mark.parametrize(
    ("setting", "value", "gpu", "least", "accepted"),
    [
        ("kvCacheDtype", "fp8", "g4dn.xlarge", 8.9, "g6.xlarge"),
        ("kvCacheDtype", "fp8_e5m2", "g5.xlarge", 8.9, "g6e.xlarge"),
        ("quantization", "fp8", "g4dn.xlarge", 8.0, "g5.xlarge"),
        ("dtype", "bfloat16", "g4dn.xlarge", 8.0, "g5.xlarge"),
    ],
)
def test_a_type_of_number_that_the_gpu_cannot_compute_is_refused(setting: str, value: str, gpu: str, least: float, accepted: str) -> None:
    server = vllm(**{setting: value})
    found = GPU_INSTANCES[gpu].gpu
    refusal = f"needs GPUs of compute capability {least}, and the {found.name} of {gpu} has {found.compute_capability}"
    assert mistakes(llm__server=server, gpu__instanceTypes=["g6.xlarge", gpu]) == [
        f"{SMOLLM}: server.{setting} {value} {refusal}; leave one of the two out"
    ]
    assert mistakes(llm__server=server, gpu__instanceTypes=[accepted]) == []
    assert mistakes(llm__server=vllm(dtype="float16", quantization="awq"), gpu__instanceTypes=[gpu]) == []


def test_all_that_is_wrong_with_a_replica_is_told_at_once() -> None:
    server = vllm(dtype="bfloat16", kvCacheDtype="fp8")
    (line,) = mistakes(llm__server=server, llm__resources=resources("64Gi", cpu="64"), gpu__instanceTypes=["g4dn.xlarge"])
    assert line.count(f"{SMOLLM}: ") == 4


FEWEST = "the fewest replicas (replicas.min of every version: "


@pytest.mark.parametrize(
    ("refused", "text", "accepted"),
    [
        pytest.param(
            {"llm__replicas": {"min": 4, "max": 4}, "gpu__nodes": {"min": 0, "max": 2}},
            f"{FEWEST}{SMOLLM} 4 x 1 GPU) need 4 nodes of g6.xlarge, and gpu.nodes.max is 2; raise it, or lower replicas.min",
            {"llm__replicas": {"min": 2, "max": 2}, "gpu__nodes": {"min": 0, "max": 2}},
            id="fewest",
        ),
        pytest.param(
            {"llm__source": None, "llm__versions": TWO_VERSIONS, "llm__replicas": {"min": 2, "max": 2}},
            f"{FEWEST}{SMOLLM} 4 x 1 GPU) need 4 nodes of g6.xlarge, and gpu.nodes.max is 3; raise it, or lower replicas.min",
            {"llm__source": None, "llm__versions": TWO_VERSIONS, "llm__replicas": {"min": 1, "max": 3}},
            id="fewest of two versions",
        ),
        pytest.param(
            {"llm__replicas": {"min": 1, "max": 4}},
            f"{SMOLLM}: replicas.max 4 x 1 GPU needs 4 nodes of g6.xlarge, and gpu.nodes.max is 3; raise it, or lower replicas.max",
            {"llm__replicas": {"min": 1, "max": 3}},
            id="most of one version",
        ),
        pytest.param(
            # Four GPUs, but memory for three replicas: 173280 MiB of which each takes 56000.
            {
                "llm__replicas": {"min": 4, "max": 4},
                "llm__resources": resources("56000Mi"),
                "gpu__instanceTypes": ["g5.12xlarge"],
                "gpu__nodes": {"min": 0, "max": 1},
            },
            f"{FEWEST}{SMOLLM} 4 x 1 GPU) need 2 nodes of g5.12xlarge, and gpu.nodes.max is 1; raise it, or lower replicas.min",
            {
                "llm__replicas": {"min": 3, "max": 3},
                "llm__resources": resources("56000Mi"),
                "gpu__instanceTypes": ["g5.12xlarge"],
                "gpu__nodes": {"min": 0, "max": 1},
            },
            id="memory of several on a node",
        ),
        pytest.param(
            # Twelve GPUs on three nodes, but three of them are free on no node that runs a replica already.
            {"llm__server": vllm(tensorParallel=3), "llm__replicas": {"min": 4, "max": 4}, "gpu__instanceTypes": ["g6.12xlarge"]},
            f"{FEWEST}{SMOLLM} 4 x 3 GPUs) need 4 nodes of g6.12xlarge, and gpu.nodes.max is 3; raise it, or lower replicas.min",
            {"llm__server": vllm(tensorParallel=3), "llm__replicas": {"min": 3, "max": 3}, "gpu__instanceTypes": ["g6.12xlarge"]},
            id="GPUs left over",
        ),
    ],
)
def test_more_replicas_than_the_pool_holds_are_refused(refused: dict[str, Any], text: str, accepted: dict[str, Any]) -> None:
    assert mistakes(**refused) == [text]
    assert mistakes(**accepted) == []


def test_memory_that_is_left_over_on_a_node_holds_no_part_of_a_replica() -> None:
    pool = {"llm__replicas": {"min": 3, "max": 3}, "gpu__instanceTypes": ["g5.12xlarge"], "gpu__nodes": {"min": 0, "max": 2}}
    (line,) = mistakes(llm__resources=resources("86641Mi"), **pool)
    assert "need 3 nodes of g5.12xlarge, and gpu.nodes.max is 2" in line
    assert mistakes(llm__resources=resources("86640Mi"), **pool) == []


def test_replicas_of_all_models_count_together() -> None:
    other = {"server": vllm(), "source": "hf://acme/other", "replicas": {"min": 2, "max": 3}}
    (line,) = mistakes(models__other=other, llm__replicas={"min": 2, "max": 2})
    assert line.startswith(f"{FEWEST}{SMOLLM} 2 x 1 GPU, other 2 x 1 GPU) need 4 nodes of g6.xlarge, and gpu.nodes.max is 3")
    assert mistakes(models__other=other, llm__replicas={"min": 1, "max": 2}) == []


def test_slices_of_a_gpu_count_as_gpus() -> None:
    server, small = vllm(gpuMemoryUtilization=0.5, sharedMemory="1Gi"), resources("4Gi", cpu="1")
    shared = {"llm__server": server, "llm__resources": small, **SLICED}
    assert mistakes(**shared, llm__replicas={"min": 6, "max": 6}) == []
    (line,) = mistakes(**shared, llm__replicas={"min": 7, "max": 7})
    assert "need 4 nodes of g6.xlarge, and gpu.nodes.max is 3" in line


def test_replicas_that_share_a_gpu_take_no_more_than_its_memory() -> None:
    """Each vLLM takes its share when it starts, or fails (vllm#20305)."""
    small = {"llm__resources": resources("4Gi", cpu="1"), **SLICED}
    share = {"sharedMemory": "1Gi"}
    assert mistakes(llm__server=vllm(gpuMemoryUtilization=0.6, **share), **small) == [
        "2 replicas may share one GPU (gpu.sharing.replicas 2), and their gpuMemoryUtilization adds up to 1.20, which is more than 1; "
        "write 0.5 or less for each"
    ]
    assert mistakes(llm__server=vllm(gpuMemoryUtilization=0.5, **share), **small) == []
    # One replica at most: nobody shares the GPU with it.
    assert mistakes(llm__server=vllm(**share), llm__replicas={"min": 1, "max": 1}, **small) == []
    other = {"server": vllm(gpuMemoryUtilization=0.3, **share), "source": "hf://acme/other", "resources": resources("4Gi", cpu="1")}
    assert (
        mistakes(llm__server=vllm(gpuMemoryUtilization=0.7, **share), llm__replicas={"min": 1, "max": 1}, models__other=other, **small)
        == []
    )


def test_karpenter_starts_a_type_that_is_large_enough_and_a_node_group_may_not() -> None:
    pool = {"gpu__instanceTypes": ["g6.xlarge", "g6.2xlarge"], "llm__resources": resources("20Gi", cpu="6")}
    refused = mistakes(**pool)
    assert "of g6.xlarge" in refused[0], refused
    karpenter = {"gpu__mode": "karpenter", "gpu__nodes": {"max": 3}, "gpu__releaseVersion": "1.35.7-20260911"}
    assert mistakes(**pool, **karpenter) == []
    (line,) = mistakes(**{**pool, "llm__resources": resources("40Gi", cpu="6")}, **karpenter)
    assert "resources.requests.memory 40Gi is more than the" in line
    assert "that a node of g6.2xlarge (32 GiB) has left for it" in line
    (line,) = mistakes(**pool, **{**karpenter, "gpu__nodes": {"max": 1}})
    assert "gpu.nodes.max is 1" in line


def test_of_gpu_nodes_that_the_cluster_brought_along_only_their_sharing_is_compared() -> None:
    def found(**gpu: Any) -> list[str]:  # noqa: ANN401 - any YAML
        values = stack_files.local_with_smollm(**{f"models__{SMOLLM}__server": vllm(sharedMemory="1Gi", kvCacheDtype="fp8")})
        values["gpu"] = {"mode": "existing", **gpu}
        try:
            parse(values, "local")
        except ConfigError as error:
            return error.lines
        return []

    assert found() == []
    (line,) = found(sharing={"strategy": "time-slicing", "replicas": 3})
    assert "2 replicas may share one GPU (gpu.sharing.replicas 3), and their gpuMemoryUtilization adds up to 1.80" in line


def test_a_custom_server_says_its_own_field() -> None:
    server = {"kind": "custom", "image": f"registry.example/m:1@sha256:{'a' * 64}", "gpus": 2}
    assert mistakes(models__own={"server": server, "scaling": {"metric": "cpu"}}) == [
        "own: server.gpus 2 is more than a node has: 1 (g6.xlarge)"
    ]
