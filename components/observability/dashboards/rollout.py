"""The dashboard of rollouts: each version's share of the requests, and the candidate compared with the stable version."""

from __future__ import annotations

from components.observability import variants as v
from components.observability.dashboards.panels import Dashboard, Panel, Query, Section
from components.observability.slo import RATIO

BY = "{{service}} {{variant}}"


def rollout() -> Dashboard:
    return Dashboard(
        uid="inference-rollout",
        title="Inference / Rollout",
        description="Versions of each model side by side: shares, failed answers, latency, and how fast the error budgets are used up.",
        sections=(_split(), _budgets()),
        after="now-1h",
    )


def _split() -> Section:
    return Section(
        "Side by side",
        (
            Panel(
                "Share of the requests",
                "What each version really got. Copies for a shadow count, so the sum can be more than what users sent.",
                "percentunit",
                (Query(f"{v.REQUESTS} / on (namespace, service) group_left () sum by (namespace, service) ({v.REQUESTS})", BY),),
                width="half",
                full=1,
            ),
            Panel("Requests", "Requests of each version, as its own servers count them.", "reqps", (Query(v.REQUESTS, BY),), width="half"),
            Panel(
                "Failed answers",
                f"Share of 4xx and 5xx of each version. Above the line, more than {v.WORSE_ERRORS} times the best version's is an alert.",
                "percentunit",
                (Query(v.ERRORS, BY),),
                width="half",
                limit=v.ERROR_FLOOR,
            ),
            Panel(
                "Latency",
                f"P95 of each version. {v.WORSE_LATENCY:g} times the best version's is an alert.",
                "s",
                (Query(v.LATENCY, BY),),
                width="half",
            ),
        ),
    )


def _budgets() -> Section:
    return Section(
        "Error budgets",
        (
            Panel(
                "Bad requests in the last 5 minutes",
                "Share of the users' requests that failed, or took longer than the objective allows, by model.",
                "percentunit",
                (Query(f"{RATIO}5m", "{{service}} {{slo}}"),),
                width="half",
            ),
            Panel(
                "Bad requests in the last hour",
                "The same share over the window of the first critical alert.",
                "percentunit",
                (Query(f"{RATIO}1h", "{{service}} {{slo}}"),),
                width="half",
            ),
        ),
    )
