"""The JSON that Grafana reads: the SDK's types know all of it, it is the same each time, and every panel has name and unit."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard as Model

from components.observability.dashboards.panels import DATASOURCE, Dashboard, rendered
from tests.observed import ARGS, all_dashboards
from tests.structure.project import ROOT

DASHBOARDS = all_dashboards()
CONFIG_MAP_LIMIT = 1_048_576
"""Bytes (https://kubernetes.io/docs/concepts/configuration/configmap/)."""


def parsed(dashboard: Dashboard) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rendered(dashboard))
    return found


def panels(dashboard: Dashboard) -> list[dict[str, Any]]:
    return [panel for panel in parsed(dashboard)["panels"] if panel["type"] != "row"]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.uid)
class TestADashboard:
    def test_is_what_grafanas_types_read_and_write(self, dashboard: Dashboard) -> None:
        """A field that the types do not know would be lost."""
        again = json.loads(JSONEncoder(sort_keys=True).encode(Model.from_json(parsed(dashboard))))
        assert again == parsed(dashboard)
        assert len(rendered(dashboard)) < CONFIG_MAP_LIMIT

    def test_names_and_explains_every_panel_and_its_unit(self, dashboard: Dashboard) -> None:
        for panel in panels(dashboard):
            assert panel["title"]
            assert len(panel["description"]) > 10, panel["title"]
            assert panel["description"].endswith("."), panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["targets"], panel["title"]
        assert len({panel["title"] for panel in panels(dashboard)}) == len(panels(dashboard))

    def test_asks_the_prometheus_that_its_reader_chose(self, dashboard: Dashboard) -> None:
        (variable,) = parsed(dashboard)["templating"]["list"]
        assert (variable["name"], variable["type"], variable["query"]) == (DATASOURCE, "datasource", "prometheus")
        for panel in panels(dashboard):
            for asked in (panel, *panel["targets"]):
                assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}

    def test_has_panels_side_by_side_with_ids_and_letters_of_their_own(self, dashboard: Dashboard) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in parsed(dashboard)["panels"]:
            place = panel["gridPos"]
            cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
            assert not taken & cells, panel["title"]
            assert place["x"] + place["w"] <= 24
            taken |= cells
        assert sorted(panel["id"] for panel in panels(dashboard)) == list(range(1, len(panels(dashboard)) + 1))
        for panel in panels(dashboard):
            letters = [target["refId"] for target in panel["targets"]]
            assert len(set(letters)) == len(letters)

    def test_draws_a_line_only_where_a_limit_is(self, dashboard: Dashboard) -> None:
        for panel, described in zip(panels(dashboard), dashboard.panels, strict=True):
            steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
            assert [step.get("value") for step in steps[1:]] == ([] if described.limit is None else [described.limit])
            assert steps[0].get("value") is None


def test_addresses_are_unique_and_grafana_takes_them() -> None:
    uids = [dashboard.uid for dashboard in DASHBOARDS]
    assert len(set(uids)) == len(uids) == 3 + len(ARGS.models)
    assert all(8 <= len(uid) <= 40 for uid in uids)


@pytest.mark.slow
def test_another_process_makes_the_same_bytes() -> None:
    program = "from tests.observed import *; print(''.join(rendered(d) for d in all_dashboards()))"
    program = f"from components.observability.dashboards.panels import rendered; {program}"
    other = subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == "".join(rendered(dashboard) for dashboard in DASHBOARDS).strip()
