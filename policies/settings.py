"""Requirements of each environment. The stack's name, which is in every URN, selects the environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from policies.pending import NOTHING_PENDING, Pending

Environment = Literal["local", "dev", "prod"]

UPSTREAM = (
    "docker.io/envoyproxy/",
    "docker.io/grafana/",
    "docker.io/kserve/",
    "docker.io/pgsty/",
    "docker.io/vllm/",
    "gcr.io/knative-releases/",
    "ghcr.io/kedacore/",
    "nvcr.io/nvidia/",
    "public.ecr.aws/karpenter/",
    "quay.io/brancz/",
    "quay.io/jetstack/",
    "quay.io/kiwigrid/",
    "quay.io/prometheus/",
    "quay.io/prometheus-operator/",
    "registry.k8s.io/",
)
"""Registries of the pins in components/versions.py (a test compares the two)."""


@dataclass(frozen=True)
class Settings:
    """`monthly_budget_usd`: for all node groups and managed endpoints at their maximum. `registries`: prefixes of image references, in
    addition to the account's ECR.

    `digests_pending`: images whose missing digest ends an `up` already, before any rule runs.
    `control_plane_namespaces`: where the platform's controllers live and no model may.
    `isolated_models`: models on SageMaker have no network of their own.
    `single_replica`: controllers that run alone by design; nodes can wait the seconds that the next pod takes.
    """

    environment: Environment
    monthly_budget_usd: float
    registries: tuple[str, ...] = UPSTREAM
    any_registry: bool = False
    digests_required: bool = False
    digests_pending: Pending = NOTHING_PENDING
    min_controller_replicas: int = 1
    protect_data: bool = False
    full_canary_allowed: bool = True
    isolated_models: bool = False
    privileged_namespaces: frozenset[str] = frozenset({"gpu-operator"})
    host_path_namespaces: frozenset[str] = frozenset({"gpu-operator", "monitoring"})
    control_plane_namespaces: frozenset[str] = frozenset(
        {
            "cert-manager",
            "envoy-gateway",
            "gpu-operator",
            "keda",
            "knative-serving",
            "kourier-system",
            "kserve",
            "kube-system",
            "minio",
            "monitoring",
        }
    )
    model_schemes: tuple[str, ...] = ("s3://", "hf://")
    single_replica: frozenset[str] = frozenset({"cluster-autoscaler"})


# Budgets are about a third above the maximum cost of the committed stacks: dev 2,717 and prod 4,356 USD on 2026-11-21, with the prices
# dated in prices.json. A test keeps the distance. A local machine names its mirror's address itself, and costs nothing.
LOCAL = Settings(environment="local", monthly_budget_usd=0, any_registry=True)
DEV = Settings(environment="dev", monthly_budget_usd=3500)
PROD = replace(
    DEV,
    environment="prod",
    monthly_budget_usd=6000,
    digests_required=True,
    min_controller_replicas=2,
    protect_data=True,
    full_canary_allowed=False,
    isolated_models=True,
)
ENVIRONMENTS: dict[str, Settings] = {settings.environment: settings for settings in (LOCAL, DEV, PROD)}


def for_stack(name: str) -> Settings:
    """Settings of a stack; prod's for an unknown name."""
    return ENVIRONMENTS.get(name, PROD)


def for_urn(urn: str) -> Settings:
    """`urn:pulumi:<stack>::<project>::<types>::<name>`."""
    return for_stack(urn.split("::", 1)[0].removeprefix("urn:pulumi:"))


def settings_with(pending: Pending) -> Callable[[str], Settings]:
    """Like `for_urn`, for a stack with these missing digests."""
    return lambda urn: replace(for_urn(urn), digests_pending=pending)
