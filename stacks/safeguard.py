"""The guard of a stack, which comes after all of its resources."""

from __future__ import annotations

import pulumi

from components.guard import Guard, GuardArgs
from stacks.cloud import Cluster
from stacks.config import StackConfig
from stacks.models import Deployed
from stacks.platform import Platform


def build(config: StackConfig, cluster: Cluster, platform: Platform, models: Deployed, observed: pulumi.Resource | None) -> None:
    everything = [*cluster.parts, *platform.parts, *models.parts, observed]
    Guard("destroy-guard", GuardArgs(protect=config.safeguards.protect), after=everything)
