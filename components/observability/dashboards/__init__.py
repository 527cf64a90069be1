"""What people look at: one file for each dashboard, built of the typed panels of `panels.py`."""

from components.observability.dashboards.gpus import gpus
from components.observability.dashboards.mnist import mnist
from components.observability.dashboards.platform import platform
from components.observability.dashboards.rollout import rollout
from components.observability.dashboards.smollm import smollm

__all__ = ["gpus", "mnist", "platform", "rollout", "smollm"]
