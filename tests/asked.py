"""The questions to the repository's own models, for tests that send them."""

from __future__ import annotations

from scripts.mlops import questions
from scripts.mlops.questions import Questions

MNIST = "mnist-classifier"
SMOLLM = "smollm-text-generation"


def _of(name: str) -> Questions:
    found = questions.of_folder(name)
    assert found, name
    return found


mnist = _of(MNIST)
digit = mnist.bodies(1)[0]
"""The body of a request with one digit."""
