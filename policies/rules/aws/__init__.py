"""AWS rules for the cluster, its nodes, its network, its permissions, its data and its managed endpoints."""

from __future__ import annotations

from policies.rules.aws import control_plane, data, endpoints, identity, network, node_groups, node_templates
from policies.rules.rule import Rule, StackRule

RULES: tuple[Rule | StackRule, ...] = (
    *control_plane.RULES,
    *node_groups.RULES,
    *node_templates.RULES,
    *network.RULES,
    *identity.RULES,
    *data.RULES,
    *endpoints.RULES,
)
