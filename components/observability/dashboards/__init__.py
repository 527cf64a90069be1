"""Grafana's dashboards: one file for each, built of the typed panels of `panels.py`."""

from components.observability.dashboards.gpus import gpus
from components.observability.dashboards.model import model
from components.observability.dashboards.platform import platform
from components.observability.dashboards.rollout import rollout

__all__ = ["gpus", "model", "platform", "rollout"]
