#!/usr/bin/env python3
"""Checks MNIST's answers on random images and held-out real digits: status, schema, latency, success rate, accuracy.

Exits 0 if every threshold held, 1 if one did not, 2 if the address does not answer or an option is wrong. `make accuracy` checks any model.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

from scripts.mlops import accuracy, questions

MODEL = "mnist-classifier"
URL = "http://mnist-classifier.default.svc.cluster.local/v1/models/mnist-classifier:predict"


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code."""
    asked = questions.of_folder(MODEL)
    if asked is None:
        sys.exit(f"error: models/{MODEL}/questions.py is missing")
    return accuracy.check(accuracy.Subject(MODEL, asked, URL, p95_ms=100), arguments)


if __name__ == "__main__":
    sys.exit(main())
