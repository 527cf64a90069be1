"""A stack on a cluster of the program's own, independent of the committed stack files: small, complete, and easy to change."""

from __future__ import annotations

from typing import Any

CLUSTER: dict[str, Any] = {
    "kind": "eks",
    "name": "inference-test",
    "region": "eu-central-1",
    "owner": "ml-platform",
    "costCenter": "inference",
    "zones": ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
    "admins": ["platform-admin"],
}
IN_S3: dict[str, Any] = {"modelStore": {"backend": "s3", "bucket": "models-of-a-team"}}
"""Sections of a stack with its models in a bucket."""
GPU: dict[str, Any] = {"mode": "managed", "instanceTypes": ["g6.xlarge"], "nodes": {"min": 0, "max": 2}}

KARPENTER: dict[str, Any] = {**GPU, "mode": "karpenter", "nodes": {"max": 2}, "releaseVersion": "1.35.7-20260911"}
"""The section `gpu` in the mode `karpenter`."""


def eks(cluster: dict[str, Any] | None = None, gpu: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """The keys below `inference-platform:`. `cluster` and `gpu` change single keys of those sections."""
    return {
        "cluster": {**CLUSTER, **(cluster or {})},
        "gpu": {**GPU, **(gpu or {})},
        "gpuOperator": {"enabled": True},
        "modelStore": {"enabled": False},
        **sections,
    }
