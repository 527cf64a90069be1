"""Kubernetes quantities (`500m`, `2Gi`), as far as a stack file needs them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic.json_schema import WithJsonSchema

PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,3})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"
FACTORS = {"": Decimal(1), "m": Decimal("0.001")}
FACTORS |= {suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T"), start=1)}
FACTORS |= {suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti"), start=1)}


def amount(quantity: str) -> Decimal:
    """`500m` → 0.5, `2Gi` → 2147483648. Raises ValueError for what Kubernetes would refuse, and for nothing at all."""
    match = re.fullmatch(PATTERN, quantity)
    number = Decimal(quantity.removesuffix(match[2] or "")) * FACTORS[match[2] or ""] if match else Decimal(0)
    if number <= 0:
        raise ValueError(f'"{quantity}" is not a quantity above zero; write for example 500m, 2 or 2Gi')
    return number


def _text(value: object) -> object:
    """YAML reads a bare `2` as a number."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _checked(quantity: str) -> str:
    amount(quantity)
    return quantity


Quantity = Annotated[
    str, BeforeValidator(_text), AfterValidator(_checked), WithJsonSchema({"type": ["string", "number"], "pattern": PATTERN})
]
