"""Dashboards, alerts and objectives of the models of this stack."""

from __future__ import annotations

from components.observability.observability import RUNBOOKS, Observability, ObservabilityArgs
from components.platform.monitoring import NAMESPACE
from components.serving import model_service
from stacks.config import StackConfig
from stacks.models import models
from stacks.platform import Platform


def build(config: StackConfig, platform: Platform) -> Observability | None:
    """Return None without a Prometheus. Dashboards are for the stack's Grafana, or for an existing one that reads them."""
    prometheus = platform.prometheus
    if prometheus is None:
        return None
    args = ObservabilityArgs(
        models=models(config),
        gpus=config.gpu.mode != "none",
        runbooks=config.monitoring.alerts.runbooks or RUNBOOKS,
        namespace=NAMESPACE if platform.monitoring else model_service.NAMESPACE,
        selector=prometheus.labels,
        grafana=platform.monitoring is not None or config.monitoring.grafana,
    )
    return Observability("observability", args, platform.options, after=[platform.monitoring])
