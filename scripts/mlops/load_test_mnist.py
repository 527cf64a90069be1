#!/usr/bin/env python3
"""Loads a live MNIST classifier: 10 clients for 60 seconds, or requests at a rate; latency, throughput, failures, versions, replicas.

Exits 0 if every threshold held, 1 if one did not, 2 if the address does not answer or an option is wrong, 130 after Ctrl-C.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

from scripts.mlops.load import command
from scripts.mlops.load.options import Service
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Connect
from scripts.mlops.load.session import posting
from scripts.mlops.load.thresholds import Thresholds
from scripts.mlops.mnist_requests import cases, predicted_class
from scripts.mlops.reach import Endpoint

BODIES = 400  # every held-out digit, and random images between them


def connect(endpoint: Endpoint, timeout: float) -> Connect:
    """Held-out digits and random images in turn; an answer that breaks the protocol is a failure, a digit taken for another is not."""
    return posting(endpoint.url, endpoint.host, [case.body for case in cases(BODIES)], predicted_class, timeout)


SERVICE = Service(
    description="Load a live MNIST classifier; the exit code says whether the thresholds held.",
    variable="MNIST_URL",
    connect=connect,
    plan=Plan(seconds=60, clients=10),
    thresholds=Thresholds(
        p95_ms=100, rate=100, success_rate=1
    ),  # ten clients that are each answered within 100 ms get 100 answers a second
)

if __name__ == "__main__":
    sys.exit(command.main(SERVICE))
