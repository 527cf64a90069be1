"""A rollout as it happens: who gets the requests, and whether what is new is worse than what was."""

from __future__ import annotations

from components.observability import variants as v
from components.observability.dashboards.panels import Dashboard, Panel, Query, Section
from components.observability.slo import RATIO

BY = "{{service}} {{variant}}"


def rollout() -> Dashboard:
    return Dashboard(
        uid="inference-rollout",
        title="Inference / Rollout",
        description="Revisions and versions side by side: split, errors, latency, and how fast the objectives' budgets go.",
        sections=(_split(), _budgets()),
        after="now-1h",
    )


def _split() -> Section:
    return Section(
        "Side by side",
        (
            Panel(
                "Share of the requests",
                "What each variant really got; a shadow's copies count, so that all together can be more than what users sent.",
                "percentunit",
                (Query(f"{v.REQUESTS} / on (service) group_left () sum by (service) ({v.REQUESTS})", BY),),
                width="half",
                full=1,
            ),
            Panel("Requests", "Of each variant, as its own servers count them.", "reqps", (Query(v.REQUESTS, BY),), width="half"),
            Panel(
                "Errors",
                f"Share of server errors of each variant. More than {v.WORSE_ERRORS} times the best one's, above the line, is an alert.",
                "percentunit",
                (Query(v.ERRORS, BY),),
                width="half",
                limit=v.ERROR_FLOOR,
            ),
            Panel(
                "Latency",
                f"P95 of each variant. {v.WORSE_LATENCY:g} times the best one's is an alert.",
                "s",
                (Query(v.LATENCY, BY),),
                width="half",
            ),
        ),
    )


def _budgets() -> Section:
    return Section(
        "What it costs users",
        (
            Panel(
                "Bad requests in the last 5 minutes",
                "Share of the users' requests that failed, or were slower than the objective, by service.",
                "percentunit",
                (Query(f"{RATIO}5m", "{{service}} {{slo}}"),),
                width="half",
            ),
            Panel(
                "Bad requests in the last hour",
                "The same over the window that wakes a person first.",
                "percentunit",
                (Query(f"{RATIO}1h", "{{service}} {{slo}}"),),
                width="half",
            ),
        ),
    )
