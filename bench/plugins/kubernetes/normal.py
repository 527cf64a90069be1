"""Equal spellings of a field, and the part of a live object that the program sets."""

from __future__ import annotations

import base64
import re
from decimal import Decimal

from bench.plugins.kubernetes.documents import Json, Object
from bench.plugins.kubernetes.tokens import Gvk
from bench.plugins.kubernetes.values import has_unknown

_QUANTITY = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|(n|u|m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei))?$")
_FACTORS = {"n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "k": Decimal(1000), "Ki": Decimal(1024)} | {
    prefix + suffix: Decimal(base) ** power
    for power, prefix in enumerate(("M", "G", "T", "P", "E"), start=2)
    for suffix, base in (("", 1000), ("i", 1024))
}


def normalise(obj: Object, gvk: Gvk) -> Object:
    """The inputs in their comparable form: without nulls, and with a Secret's `stringData` folded into its `data`."""
    if has_unknown(obj):
        return obj
    obj = {name: _without_nulls(value) for name, value in obj.items() if value is not None}
    if gvk == Gvk("", "v1", "Secret") and isinstance(obj.get("stringData"), dict):
        text = obj.pop("stringData")
        obj["data"] = {**obj.get("data", {}), **{name: base64.b64encode(str(value).encode()).decode() for name, value in text.items()}}
    return obj


def _without_nulls(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def prune(live: Json, wanted: Json, *, lenient: bool) -> Json:
    """The live value reduced to the fields of `wanted`: defaults and other managers' fields are not drift.

    `lenient` (built-in kinds, which the API server rewrites into a canonical form) keeps the spelling of `wanted` where
    both mean the same: 1000m and 1, or an empty value and an absent one.
    """
    if isinstance(live, dict) and isinstance(wanted, dict):
        return _prune_map(live, wanted, lenient=lenient)
    if isinstance(live, list) and isinstance(wanted, list):
        return [prune(ours, theirs, lenient=lenient) for ours, theirs in zip(live, wanted, strict=False)]
    if lenient and _same_quantity(live, wanted):
        return wanted
    return live


def _prune_map(live: Object, wanted: Object, *, lenient: bool) -> Object:
    result = {}
    for name, value in wanted.items():
        if name in live:
            result[name] = prune(live[name], value, lenient=lenient)
        elif lenient and _empty(value):
            result[name] = value
    return result


def _empty(value: Json) -> bool:
    if isinstance(value, dict):
        return all(_empty(item) for item in value.values())
    return value in (None, "", 0, False) or value == []


def _same_quantity(left: Json, right: Json) -> bool:
    if left == right or not isinstance(left, str | int) or not isinstance(right, str | int):
        return False
    if isinstance(left, int) and isinstance(right, int):
        return False
    first, second = quantity(str(left)), quantity(str(right))
    return first is not None and first == second


def quantity(text: str) -> Decimal | None:
    """A Kubernetes quantity ("500m", "2Gi") as a number; None for any other text."""
    match = _QUANTITY.match(text)
    if not match:
        return None
    number, exponent, suffix = match.groups()
    return Decimal(number) * (Decimal(10) ** int(exponent) if exponent else _FACTORS.get(suffix, Decimal(1)))
