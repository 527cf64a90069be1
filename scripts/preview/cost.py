"""The monthly price of a preview's plan, with the price file and the sums of the budget rule."""

from __future__ import annotations

from typing import Any

from policies.cost import price
from policies.prices import prices
from policies.rules.resource import UNKNOWN, Resource
from scripts.preview import plan
from scripts.preview.plan import Plan
from scripts.preview.summary import Cost, Price

PROVIDER = "pulumi:providers:aws"


def cost(planned: Plan) -> Cost | None:
    """Cost of the plan; None if nothing has an hourly price."""
    all_of_it = resources(planned)
    region = next((str(resource.properties.get("region")) for resource in all_of_it if resource.type == PROVIDER), "")
    known = prices(region)
    estimate = price(all_of_it, known)
    if not estimate.lines and not estimate.unpriced:
        return None
    found = tuple(Price(component, least, most) for component, (least, most) in estimate.by_component().items())
    return Cost(found, str(known.oldest), estimate.unpriced)


def resources(planned: Plan) -> list[Resource]:
    """Resources that stay or are created, in the rules' form."""
    return [Resource(plan.type_of(urn), plan.name_of(urn), _unknowns(inputs), urn=urn) for urn, inputs in planned.inputs.items()]


def _unknowns(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if value == plan.UNKNOWN:
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _unknowns(inner) for key, inner in value.items()}
    return [_unknowns(inner) for inner in value] if isinstance(value, list) else value
