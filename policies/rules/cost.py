"""Cost of a stack. Policies cannot ask AWS, so prices come from the dated file prices.json."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.cost import CLUSTER, Estimate, price
from policies.prices import prices
from policies.rules.resource import Resource
from policies.rules.rule import StackRule
from policies.settings import Settings

PROVIDER = "pulumi:providers:aws"
SCALED = frozenset({"system nodes", "GPU nodes", "managed endpoints"})


def _everything(_type: str) -> bool:
    return True


def estimate(resources: Sequence[Resource]) -> Estimate:
    """Cost in the region of the stack's AWS provider; a stack without a cluster on AWS costs nothing there."""
    regions = [str(resource.get("region")) for resource in resources if resource.type == PROVIDER]
    if regions:
        return price(resources, prices(regions[0]))
    clusters = [resource for resource in resources if resource.type == CLUSTER]
    return Estimate((), tuple(f"Cluster {cluster.name}: no AWS provider gives its region" for cluster in clusters))


def _within_budget(resources: Sequence[Resource], settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    found = estimate(resources)
    if found.maximum > settings.monthly_budget_usd:
        groups = [f"{line.name} up to ${line.maximum:,.0f} ({line.amount})" for line in found.lines if line.component in SCALED]
        yield (
            f"at its largest it costs ${found.maximum:,.0f} a month, ${settings.monthly_budget_usd:,.0f} is the budget of"
            f" {settings.environment}; node groups and endpoints: {', '.join(groups) or 'none'}",
            None,
        )


def _priced(resources: Sequence[Resource], _settings: Settings) -> Iterator[tuple[str, Resource | None]]:
    for reason in estimate(resources).unpriced:
        yield reason, None


RULES: tuple[StackRule, ...] = (
    StackRule(
        name="monthly-budget",
        title="A stack at its largest stays within the budget of its environment",
        why="An autoscaler may buy everything up to its maximum, so the maximum must be affordable.",
        fix="Lower nodes.max, replicas.max of managed models, or instance types in the stack file; or raise policies/settings.py's budget.",
        severity="high",
        types=_everything,
        check=_within_budget,
    ),
    StackRule(
        name="every-price-known",
        title="Everything that costs money per hour or per GiB has a known price",
        why="A resource without a price is missing from the total that is approved.",
        fix="Run `make prices REGION=<region>` with credentials of any account and commit policies/prices.json.",
        severity="high",
        types=_everything,
        check=_priced,
    ),
)
