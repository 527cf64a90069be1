"""The parts that every section of a stack file is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from components.declared import Declared
from components.scheduling import Effect
from stacks.config.quantities import Quantity, amount

NAMESPACE = "inference-platform"


class Section(Declared):
    """One level of the stack file."""


class AmountConfig(Section):
    cpu: Quantity
    memory: Quantity


class ResourcesConfig(Section):
    """Per replica. Requests are what the scheduler keeps free, limits what a replica may reach."""

    requests: AmountConfig
    limits: AmountConfig

    @model_validator(mode="after")
    def _requests_within_limits(self) -> ResourcesConfig:
        for name in ("cpu", "memory"):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if amount(request) > amount(limit):
                raise ValueError(f"requests.{name} {request} is greater than limits.{name} {limit}")
        return self


class TolerationConfig(Section):
    """Of a pod, as Kubernetes spells it."""

    key: str
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str | None = None
    effect: Effect | None = None
