#!/usr/bin/env python3
"""Loads SmolLM with streamed completions, from a pod or through the gateway: 10 clients, 100 requests. `make load` loads any model.

Exits 0 if every threshold held, 1 if one did not, 2 if the address does not answer or an option is wrong, 130 after Ctrl-C.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

from scripts.mlops import llm_load
from scripts.mlops.load import command
from scripts.mlops.load.thresholds import Thresholds

SERVICE = llm_load.service(
    "smollm-text-generation",
    Thresholds(p95_ms=500, rate=10, success_rate=1),
    "http://smollm-text-generation.default.svc.cluster.local/v1/completions",
)

if __name__ == "__main__":
    sys.exit(command.main(SERVICE))
