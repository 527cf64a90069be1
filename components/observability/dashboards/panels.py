"""Panels and dashboards, rendered by the types of Grafana's foundation SDK. The same dashboard always gives the same JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.builders import common, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as model
from grafana_foundation_sdk.models import dashboard as types

DATASOURCE = "datasource"
"""The dashboard variable that chooses one of Grafana's Prometheus data sources; panels name no data source."""

TAG = "inference-platform"
WINDOW = "$__rate_interval"
"""Grafana's own window: four scrapes, or the time that one pixel covers if that is longer."""

Unit = Literal["reqps", "s", "ms", "percentunit", "percent", "short", "bytes", "mbytes", "celsius", "watt", "cores", "tokens/s", "d"]
WIDTHS = {"third": 8, "half": 12, "quarter": 6, "whole": 24}
Width = Literal["third", "half", "quarter", "whole"]
HEIGHT = 8


@dataclass(frozen=True)
class Query:
    """`legend`: the name of each line; `{{label}}` is a label's value."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """`limit`: a threshold line, red above it. `full`: the end of the axis. `latest`: the newest number instead of a line over time."""

    title: str
    description: str
    unit: Unit
    queries: tuple[Query, ...]
    width: Width = "third"
    limit: float | None = None
    full: float | None = None
    latest: bool = False


@dataclass(frozen=True)
class Section:
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """`uid`: its address, which links and bookmarks use. `after`: the beginning of the time range that it opens with."""

    uid: str
    title: str
    description: str
    sections: tuple[Section, ...]
    after: str = "now-3h"

    @property
    def panels(self) -> list[Panel]:
        return [panel for section in self.sections for panel in section.panels]

    @property
    def file(self) -> str:
        return f"{self.uid}.json"


def rendered(dashboard: Dashboard) -> str:
    """Return the JSON that Grafana reads from a file."""
    builder = (
        sdk.Dashboard(dashboard.title)
        .uid(dashboard.uid)
        .description(dashboard.description)
        .tags([TAG])
        .readonly()
        .refresh("30s")
        .time(dashboard.after, "now")
        .timezone("browser")
        .tooltip(types.DashboardCursorSync.CROSSHAIR)
        .with_variable(sdk.DatasourceVariable(DATASOURCE).label("Prometheus").type("prometheus"))
        .link(sdk.DashboardLink("Dashboards").type(types.DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True).keep_time(True))
    )
    number = 0
    for section in dashboard.sections:
        builder = builder.with_row(sdk.Row(section.title))
        for panel in section.panels:
            number += 1
            builder = builder.with_panel(_built(panel).id(number))
    return json.dumps(json.loads(JSONEncoder(sort_keys=True).encode(builder.build())), indent=1, sort_keys=True)


def _built(panel: Panel) -> stat.Panel | timeseries.Panel:
    built = stat.Panel() if panel.latest else _lines()
    built = (
        built.title(panel.title)
        .description(panel.description)
        .unit(panel.unit)
        .datasource(_datasource())
        .span(WIDTHS[panel.width])
        .height(HEIGHT // 2 if panel.latest else HEIGHT)
        .thresholds(_thresholds(panel.limit))
    )
    if panel.full is not None:
        built = built.min(0).max(panel.full)
    if panel.limit is not None and isinstance(built, timeseries.Panel):
        built = built.thresholds_style(common.GraphThresholdsStyleConfig().mode(model.GraphThresholdsStyleMode.LINE))
    for reference, query in zip("ABCDEFGH", panel.queries, strict=False):
        built = built.with_target(Dataquery().ref_id(reference).expr(query.expr).legend_format(query.legend).datasource(_datasource()))
    return built


def _lines() -> timeseries.Panel:
    legend = common.VizLegendOptions().show_legend(True).display_mode(model.LegendDisplayMode.LIST).placement(model.LegendPlacement.BOTTOM)
    return timeseries.Panel().axis_soft_min(0).fill_opacity(10).show_points(model.VisibilityMode.NEVER).legend(legend)


def _datasource() -> model.DataSourceRef:
    return model.DataSourceRef(type_val="prometheus", uid=f"${{{DATASOURCE}}}")


def _thresholds(limit: float | None) -> sdk.ThresholdsConfig:
    steps = [types.Threshold(color="green", value=None)]
    if limit is not None:
        steps.append(types.Threshold(color="red", value=limit))
    return sdk.ThresholdsConfig().mode(types.ThresholdsMode.ABSOLUTE).steps(steps)
