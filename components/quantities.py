"""Kubernetes quantities: numbers of CPUs (`500m`, `2`) and sizes in bytes (`512Mi`, `2Gi`). This is the only parser of them.

The grammar is Kubernetes' own (kubernetes/apimachinery:pkg/api/resource/quantity.go).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic.json_schema import WithJsonSchema

FACTORS = {"": Decimal(1), "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "k": Decimal(1000), "Ki": Decimal(1024)}
FACTORS |= {suffix: Decimal(1000) ** power for power, suffix in enumerate("MGTPE", start=2)}
FACTORS |= {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("MGTPE", start=2)}
QUANTITY = re.compile(rf"([0-9]{{1,20}}(?:\.[0-9]{{1,12}})?)(?:[eE]([+-]?[0-9]{{1,2}})|({'|'.join(FACTORS)}))")

CPU_PATTERN = r"^([0-9]{1,9}m|[0-9]{1,6}(\.[0-9]{1,3})?)$"
"""Kubernetes refuses parts of a CPU smaller than 1m."""
MEMORY_PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,3})?(k|M|G|T|Ki|Mi|Gi|Ti)?$"

SMALLEST_MEMORY = 2**20
"""Bytes. A smaller request means a forgotten unit."""


def amount(quantity: str) -> Decimal:
    """`500m` → 0.5, `2Gi` → 2147483648. Raises ValueError for a quantity that Kubernetes refuses, and for zero."""
    match = QUANTITY.fullmatch(quantity)
    if match:
        number, exponent, suffix = match.groups()
        value = Decimal(number) * (Decimal(10) ** int(exponent) if exponent else FACTORS[suffix])
        if value > 0:
            return value
    raise ValueError(f'"{quantity}" is not a quantity above zero; write for example 500m, 2 or 2Gi')


def _text(value: object) -> object:
    """YAML reads an unquoted `2` as a number."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _cpu(quantity: str) -> str:
    if not re.fullmatch(CPU_PATTERN, quantity) or _is_zero(quantity):
        raise ValueError(f'"{quantity}" is not a number of CPUs; write for example 500m (half a CPU), 2 or 1.5')
    return quantity


def _memory(quantity: str) -> str:
    """Kubernetes itself accepts `512m`, which is half a byte."""
    if quantity.endswith("m") and re.fullmatch(MEMORY_PATTERN, quantity.removesuffix("m")):
        raise ValueError(f'"{quantity}" means thousandths of a byte; write {quantity.removesuffix("m")}Mi')
    if not re.fullmatch(MEMORY_PATTERN, quantity):
        raise ValueError(f'"{quantity}" is not a size in bytes; write for example 512Mi or 2Gi')
    if _is_zero(quantity) or amount(quantity) < SMALLEST_MEMORY:
        raise ValueError(f'"{quantity}" is less than 1Mi; the unit is missing or wrong, write for example 512Mi or 2Gi')
    return quantity


def _is_zero(quantity: str) -> bool:
    return not re.search(r"[1-9]", quantity)


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "number"], "pattern": pattern})


CpuQuantity = Annotated[str, BeforeValidator(_text), AfterValidator(_cpu), _schema(CPU_PATTERN)]
"""A number of CPUs above zero, in steps of 1m."""
MemoryQuantity = Annotated[str, BeforeValidator(_text), AfterValidator(_memory), _schema(MEMORY_PATTERN)]
"""Bytes of memory or of a volume, at least 1Mi."""
