"""Refuses changes of a model that would hurt its users now, by the rules of its mode."""

from __future__ import annotations

from collections.abc import Mapping

from scripts import live_rules, live_state, live_versions
from stacks.config import StackConfig
from stacks.models import models


def refusals(config: StackConfig, environment: Mapping[str, str]) -> list[str]:
    """Return why the models must not change like this now, each reason with its key. Raises DriverError if the cluster does not answer."""
    reasons: list[str] = []
    for model in models(config):
        if model.entry.on_knative:
            live = live_state.observe(environment, model)
            reasons += live_rules.refused(model.name, live_rules.wanted(model, config), live)
        else:
            reasons += live_versions.refused(model, live_versions.observe(environment, model))
    return reasons
