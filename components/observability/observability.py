"""Dashboards for Grafana, rules and targets for Prometheus: for each model of the stack, and for the platform below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components.base import Args, Component, labels
from components.observability import dashboards as boards
from components.observability import variants
from components.observability.alerts.gpu import gpu
from components.observability.alerts.platform import platform
from components.observability.alerts.servers import server_groups
from components.observability.alerts.traffic import traffic
from components.observability.dashboards.panels import Dashboard, rendered
from components.observability.rules import Group, specification
from components.observability.slo import slo
from components.observability.targets import TARGETS
from components.platform.monitoring import DASHBOARD_LABEL, NAMESPACE
from components.serving.model import Model

MONITORING_API = "monitoring.coreos.com/v1"
NAME = "observability"
"""The label of all objects. A name that contains a model's name may exceed 63 characters, the limit of a label's value."""

RUNBOOKS = "docs/runbooks"
"""The folder in this repository; only the owner knows its public address."""


class ObservabilityArgs(Args):
    """`models`: every model of the stack. `gpus`: there are GPU nodes.

    `runbooks`: where the page of an alert is, as `<runbooks>/<alert>.md`. `namespace`: where all objects go; it must exist. `selector`:
    labels by which a Prometheus that the stack did not install chooses rules and targets; its own reads all. `grafana`: the stack
    installs a Grafana, which shows the dashboards.
    """

    models: list[Model]
    gpus: bool
    runbooks: str = RUNBOOKS
    namespace: str = NAMESPACE
    selector: dict[str, str] = Field(default_factory=dict)
    grafana: bool = True


class Observability(Component):
    """Owns a ConfigMap for each dashboard, a PrometheusRule for each model and subject, and a PodMonitor for each part of the platform.

    Needs the operator's CRDs and the namespace. Does not wait until Grafana and Prometheus have read them.
    """

    def __init__(
        self,
        name: str,
        args: ObservabilityArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.args = args
        for dashboard in dashboards(args):
            self._config_map(dashboard)
        for group in groups(args):
            self._custom_resource(f"{group.name}-rules", group.name, "PrometheusRule", specification([group], args.runbooks))
        for target in TARGETS:
            self._custom_resource(f"{target.name}-metrics", target.name, "PodMonitor", target.specification())
        self.register_outputs({"dashboards": [dashboard.uid for dashboard in dashboards(args)]})

    def _config_map(self, dashboard: Dashboard) -> None:
        k8s.core.v1.ConfigMap(
            dashboard.uid,
            metadata={
                "name": dashboard.uid,
                "namespace": self.args.namespace,
                "labels": {**labels(NAME, NAMESPACE), **DASHBOARD_LABEL},
            },
            data={dashboard.file: rendered(dashboard)},
            opts=self.child(),
        )

    def _custom_resource(self, logical: str, name: str, kind: str, spec: dict[str, Any]) -> None:
        k8s.apiextensions.CustomResource(
            logical,
            api_version=MONITORING_API,
            kind=kind,
            metadata={"name": name, "namespace": self.args.namespace, "labels": {**labels(NAME, NAMESPACE), **self.args.selector}},
            spec=spec,
            opts=self.child(),
        )


def dashboards(args: ObservabilityArgs) -> list[Dashboard]:
    """Return the dashboards of the stack's parts: an empty dashboard would look as if all were well. None without a Grafana."""
    if not args.grafana:
        return []
    gpus = [boards.gpus()] if args.gpus else []
    return [boards.platform(), boards.rollout(), *gpus, *(boards.model(model) for model in args.models)]


def groups(args: ObservabilityArgs) -> list[Group]:
    """Return the rules of the platform and of every model. A rule on a part that is switched off finds no series and never fires."""
    gpus = [gpu()] if args.gpus else []
    return [platform(), *gpus, *(group for model in args.models for group in groups_of(model)), variants.comparison()]


def groups_of(model: Model) -> list[Group]:
    """Return the rules of one model. Their names do not contain its name; the label `service` does."""
    compared = variants.variants_of(model)
    return [traffic(model), slo(model), *([variants.recorded(compared)] if compared else []), *server_groups(model)]
