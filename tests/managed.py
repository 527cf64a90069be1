"""A stack on AWS with a managed endpoint of each sort: a canary, several versions, serverless, asynchronous."""

from __future__ import annotations

import functools
from typing import Any

from tests.eks import IN_S3, eks
from tests.graph.recording import Graph, record

BUCKET = IN_S3["modelStore"]["bucket"]
ECR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
IMAGE = f"{ECR}/server:1.4@sha256:{'c' * 64}"
FILES = {"input": "s3://requests-of-a-team/in", "output": "s3://requests-of-a-team/out"}


def source(key: str) -> str:
    return f"s3://{BUCKET}/{key}"


def custom(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    return {"server": {"kind": "custom", "image": IMAGE}, "placement": "sagemaker", **given}


MODELS: dict[str, Any] = {
    "chat": {
        "server": {"kind": "vllm", "image": IMAGE, "maxModelLen": 2048, "prefixCaching": False},
        "source": source("chat/v1"),
        "placement": "sagemaker",
        "replicas": {"min": 2, "max": 4},
        "sagemaker": {"concurrency": 16},
    },
    "prices": custom(
        versions=[
            {"name": "v1", "source": source("prices/a"), "weight": 90},
            {"name": "v2", "source": source("prices/b"), "image": f"{ECR}/server:1.5", "weight": 10},
        ],
        replicas={"min": 1, "max": 2},
    ),
    "forms": custom(source=source("forms"), sagemaker={"asynchronous": FILES, "concurrency": 3}, replicas={"min": 1, "max": 5}),
    "digits": {
        "server": {"kind": "pytorch", "image": IMAGE},
        "source": source("digits/a.pt"),
        "placement": "sagemaker",
        "sagemaker": {"serverless": {"memoryMib": 3072, "maxConcurrency": 8}},
    },
}


def managed(models: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """The keys below `inference-platform:`; nothing in the cluster that no endpoint needs."""
    parts = {"kserve": {"enabled": False}, "certManager": {"enabled": False}, "gpu": {"mode": "none"}, "gpuOperator": {"enabled": False}}
    base = eks(**IN_S3)
    return {**base, **parts, "models": MODELS if models is None else models, **sections}


@functools.cache
def recorded() -> Graph:
    return record(managed())
