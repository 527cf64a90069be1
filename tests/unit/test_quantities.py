"""Kubernetes quantities, and which of them may stand for CPUs and for bytes."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from components.quantities import FACTORS, CpuQuantity, MemoryQuantity, amount

AMOUNTS = {
    "500m": "0.5",
    "2": "2",
    "1.5": "1.5",
    "2Gi": "2147483648",
    "3k": "3000",
    "1e3": "1000",
    "2E-1": "0.2",
    "1E": "1e18",
    "1Pi": str(2**50),
}
CPU, MEMORY = TypeAdapter[str](CpuQuantity), TypeAdapter[str](MemoryQuantity)


@pytest.mark.parametrize(("text", "value"), AMOUNTS.items())
def test_amounts(text: str, value: str) -> None:
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "0", "0Gi", "-1", "2 Gi", "2gb", "Gi", "1e3Gi", "2Gi\n", "٢", "1" * 400])
def test_what_kubernetes_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity above zero"):
        amount(text)


@given(st.integers(1, 10**6), st.sampled_from(sorted(FACTORS)))
def test_a_suffix_multiplies(number: int, suffix: str) -> None:
    assert math.isclose(amount(f"{number}{suffix}"), amount(str(number)) * FACTORS[suffix])


@pytest.mark.parametrize("cpu", ["500m", "2", 2, 0.5, "1.5", "0.001", "1m"])
def test_a_number_of_cpus_is_accepted(cpu: Any) -> None:  # noqa: ANN401 - as YAML reads it
    assert CPU.validate_python(cpu) == str(cpu)


@pytest.mark.parametrize("cpu", ["2Gi", "512Mi", "2k", "0", "0m", "0.0005", "0.5m", "1e3", "two", "-1", "", " 1", 1e-7, True])
def test_what_is_no_number_of_cpus_is_refused(cpu: Any) -> None:  # noqa: ANN401
    with pytest.raises(ValidationError):
        CPU.validate_python(cpu)


@pytest.mark.parametrize("memory", ["512Mi", "2Gi", "1.5Gi", "1G", "1Ti", "1Mi", "1024Ki", "2147483648", 2147483648])
def test_a_size_in_bytes_is_accepted(memory: Any) -> None:  # noqa: ANN401
    assert MEMORY.validate_python(memory) == str(memory)


@pytest.mark.parametrize(
    ("memory", "reason"),
    [
        ("512m", '"512m" means thousandths of a byte; write 512Mi'),
        ("512", '"512" is less than 1Mi; the unit is missing or wrong'),
        (5, '"5" is less than 1Mi'),
        ("512k", '"512k" is less than 1Mi'),
        ("1023Ki", '"1023Ki" is less than 1Mi'),
        ("0Gi", '"0Gi" is less than 1Mi'),
        ("512MB", '"512MB" is not a size in bytes; write for example 512Mi or 2Gi'),
        ("2gi", '"2gi" is not a size in bytes'),
        ("2 Gi", '"2 Gi" is not a size in bytes'),
        ("-2Gi", '"-2Gi" is not a size in bytes'),
    ],
)
def test_a_wrong_unit_of_memory_is_named(memory: Any, reason: str) -> None:  # noqa: ANN401
    with pytest.raises(ValidationError) as error:
        MEMORY.validate_python(memory)
    assert reason in str(error.value)
