"""Dashboards for Grafana, rules and targets for Prometheus: of what this stack serves, and of what that stands on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from components.base import Args, Component, labels
from components.observability import dashboards as boards
from components.observability import slo, variants
from components.observability.alerts.gpu import gpu
from components.observability.alerts.llm import llm
from components.observability.alerts.platform import platform
from components.observability.alerts.traffic import traffic
from components.observability.dashboards.panels import Dashboard, rendered
from components.observability.rules import Group, specification
from components.observability.slo import Objective
from components.observability.targets import TARGETS
from components.platform.monitoring import DASHBOARD_LABEL, NAMESPACE

MONITORING_API = "monitoring.coreos.com/v1"
RUNBOOKS = "docs/runbooks"
"""In this repository; where people read it is known only to who hosts it."""


class ObservabilityArgs(Args):
    """`mnist`, `smollm`: what users of each may count on; None: it is not served. `gpus`: there are GPU nodes.

    `runbooks`: where an alert's runbook is, as `<runbooks>/<alert>.md`. `namespace`: of all that is made; it must exist. `selector`:
    labels by which a Prometheus of somebody else's chooses the rules and targets that it heeds; ours heeds all. `grafana`: ours is there,
    which shows the dashboards.
    """

    mnist: Objective | None = None
    smollm: Objective | None = None
    gpus: bool
    runbooks: str = RUNBOOKS
    namespace: str = NAMESPACE
    selector: dict[str, str] = Field(default_factory=dict)
    grafana: bool = True


class Observability(Component):
    """Owns a ConfigMap for each dashboard, a PrometheusRule for each subject and a PodMonitor for each part of the platform.

    Needs the operator's CRDs and the namespace. Does not wait for anybody to read them.
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
                "labels": {**labels(dashboard.uid, NAMESPACE), **DASHBOARD_LABEL},
            },
            data={dashboard.file: rendered(dashboard)},
            opts=self.child(),
        )

    def _custom_resource(self, logical: str, name: str, kind: str, spec: dict[str, Any]) -> None:
        k8s.apiextensions.CustomResource(
            logical,
            api_version=MONITORING_API,
            kind=kind,
            metadata={"name": name, "namespace": self.args.namespace, "labels": {**labels(name, NAMESPACE), **self.args.selector}},
            spec=spec,
            opts=self.child(),
        )


def dashboards(args: ObservabilityArgs) -> list[Dashboard]:
    """Only of what is there: an empty dashboard says nothing, and says it as if all were well. None where nobody looks at them."""
    if not args.grafana:
        return []
    found = [boards.platform(), boards.rollout()]
    if args.mnist:
        found.append(boards.mnist(args.mnist))
    if args.smollm:
        found.append(boards.smollm(args.smollm))
    if args.gpus:
        found.append(boards.gpus())
    return found


def groups(args: ObservabilityArgs) -> list[Group]:
    """Of services that are served; what else is missing has no series, and no rule on it fires."""
    served = {prefix: objective for prefix, objective in (("Mnist", args.mnist), ("SmolLM", args.smollm)) if objective}
    found = [platform(), traffic(served)]
    found += [group for objective in served.values() for group in slo.groups(objective)]
    if args.mnist:
        found.append(variants.recorded(variants.revisions(args.mnist.model)))
    if args.smollm:
        found += [variants.recorded(variants.versions(args.smollm.model)), llm("SmolLM", args.smollm.model)]
    if args.gpus:
        found.append(gpu())
    return [*found, variants.comparison()]
