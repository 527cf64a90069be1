"""Random text from chosen kinds of characters."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"


@dataclass(frozen=True)
class CharacterSet:
    """One kind of characters: whether it may occur, and its minimum number."""

    characters: str
    minimum: int


@dataclass(frozen=True)
class TextSpec:
    """The text that a RandomPassword or RandomString asks for."""

    length: int
    sets: tuple[CharacterSet, ...]

    @classmethod
    def parse(cls, inputs: dict[str, object]) -> TextSpec:
        """Parse the resource's inputs. Raises ValueError with the reason if no text can satisfy them."""
        numeric = inputs.get("numeric", inputs.get("number", True))
        kinds = (
            (string.ascii_lowercase, inputs.get("lower", True), "minLower"),
            (string.ascii_uppercase, inputs.get("upper", True), "minUpper"),
            (string.digits, numeric, "minNumeric"),
            (str(inputs.get("overrideSpecial") or _SPECIAL), inputs.get("special", True), "minSpecial"),
        )
        sets = tuple(CharacterSet(characters, _count(inputs, least)) for characters, wanted, least in kinds if wanted)
        length = _count(inputs, "length")
        if length < 1:
            raise ValueError("length must be at least 1")
        if not sets:
            raise ValueError("at least one of lower, upper, numeric and special must be true")
        if sum(entry.minimum for entry in sets) > length:
            raise ValueError(f"the minimum numbers of characters add up to more than length {length}")
        return cls(length, sets)

    def generate(self) -> str:
        """A new text from the operating system's randomness."""
        chosen = [secrets.choice(entry.characters) for entry in self.sets for _ in range(entry.minimum)]
        everything = "".join(entry.characters for entry in self.sets)
        chosen += [secrets.choice(everything) for _ in range(self.length - len(chosen))]
        secrets.SystemRandom().shuffle(chosen)
        return "".join(chosen)


def _count(inputs: dict[str, object], name: str) -> int:
    value = inputs.get(name) or 0
    if not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number")  # noqa: TRY004  # reported as a check failure of the input, like the others
    return int(value)
