"""Generated passwords have the length and characters that were asked for."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plugins.random.text import TextSpec

CHARACTERS = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "numeric": string.digits,
    "special": "!@#$%&*()-_=+[]{}<>:?",
}
FLAGS = st.fixed_dictionaries({name: st.booleans() for name in CHARACTERS}).filter(lambda flags: any(flags.values()))


@given(FLAGS, st.integers(8, 40))
def test_only_the_wanted_characters_in_the_wanted_number(flags: dict[str, bool], length: int) -> None:
    least = {f"min{name.capitalize()}": 2.0 for name, wanted in flags.items() if wanted}
    text = TextSpec.parse({**flags, **least, "length": float(length)}).generate()
    assert len(text) == length
    for name, wanted in flags.items():
        count = sum(character in CHARACTERS[name] for character in text)
        assert count >= 2 if wanted else count == 0


def test_special_characters_can_be_chosen() -> None:
    text = TextSpec.parse({"length": 50.0, "lower": False, "upper": False, "numeric": False, "overrideSpecial": "_-"}).generate()
    assert set(text) <= set("_-")


def test_two_texts_differ() -> None:
    spec = TextSpec.parse({"length": 32.0})
    assert spec.generate() != spec.generate()


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"length": 0.0}, "at least 1"),
        ({"length": 3.0, "minUpper": 2.0, "minLower": 2.0}, "more than length 3"),
        ({"length": 3.0, "lower": False, "upper": False, "numeric": False, "special": False}, "at least one of"),
    ],
)
def test_what_cannot_be_satisfied_is_refused(inputs: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        TextSpec.parse(inputs)
