"""Kubernetes quantities of a stack file."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.config.quantities import FACTORS, amount


@pytest.mark.parametrize(("text", "value"), [("500m", "0.5"), ("2", "2"), ("1.5", "1.5"), ("2Gi", "2147483648"), ("3k", "3000")])
def test_amounts(text: str, value: str) -> None:
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "0", "0Gi", "-1", "2 Gi", "2gb", "Gi", "1e3", "2Gi\n", "٢", "1" * 400])
def test_what_kubernetes_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity above zero"):
        amount(text)


@given(st.integers(1, 10**6), st.sampled_from(sorted(FACTORS)))
def test_a_suffix_multiplies(number: int, suffix: str) -> None:
    assert math.isclose(amount(f"{number}{suffix}"), amount(str(number)) * FACTORS[suffix])
