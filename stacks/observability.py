"""What is shown of this stack, and what it is held to: the objectives of its services."""

from __future__ import annotations

from components.observability.observability import RUNBOOKS, Observability, ObservabilityArgs
from components.observability.queries import ServedModel
from components.observability.slo import Objective
from components.platform.monitoring import NAMESPACE
from stacks.config import StackConfig
from stacks.platform import MODELS_NAMESPACE, Platform
from stacks.services import MNIST, SMOLLM

MNIST_OBJECTIVE = Objective(model=ServedModel(name=MNIST, namespace=MODELS_NAMESPACE), seconds=0.1)
SMOLLM_OBJECTIVE = Objective(model=ServedModel(name=SMOLLM, namespace=MODELS_NAMESPACE), seconds=0.5)
"""On a GPU; on CPUs it is not met, and is not meant to be."""


def build(config: StackConfig, platform: Platform) -> Observability | None:
    """None where no Prometheus reads it. Dashboards only for a Grafana of ours: how another one takes them is its owner's to say."""
    prometheus = platform.prometheus
    if prometheus is None:
        return None
    args = ObservabilityArgs(
        mnist=MNIST_OBJECTIVE if config.services.mnist else None,
        smollm=SMOLLM_OBJECTIVE if config.services.smollm else None,
        gpus=config.gpu.mode != "none",
        runbooks=config.monitoring.alerts.runbooks or RUNBOOKS,
        namespace=NAMESPACE if platform.monitoring else MODELS_NAMESPACE,
        selector=prometheus.labels,
        grafana=platform.monitoring is not None,
    )
    return Observability("observability", args, platform.options, after=[platform.monitoring])
