"""The tests' own bench nodes, one per suite, so that suites run side by side; none is the node of the person who runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import tools
from bench.paths import INSTANCES, Instance

ROOT = Path(__file__).resolve().parents[1]

PLATFORM = Instance("test")
CONTRACT = Instance("contract")
LIFECYCLE = Instance("lifecycle")

OF_MARKER = {"lifecycle": LIFECYCLE, "engine": CONTRACT, "parts": CONTRACT, "node": PLATFORM}
"""Marker → the node that tests with this marker run on; the first counts of a test that has more than one."""

OF_A_USER = ("KUBECONFIG", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def own_cluster() -> dict[str, str] | None:
    """The environment of a person who brings a cluster and the tools for it: the engine's tests run there, and need no node."""
    if os.environ.get("KUBECONFIG") and shutil.which("pulumi") and shutil.which("kubectl"):
        return dict(os.environ)
    return None


def environment(instance: Instance) -> dict[str, str]:
    """The tests' node and state, whatever the person who runs them has set."""
    kept = {name: value for name, value in os.environ.items() if name not in OF_A_USER}
    return kept | {"BENCH_INSTANCE": instance.name}


def command(instance: Instance, *words: str) -> list[str]:
    return [sys.executable, "-m", "bench", *words, "--instance", instance.name]


def bench(instance: Instance, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m bench` on this node; what it says is one text."""
    return subprocess.run(
        command(instance, *words), cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False
    )


def described(instance: Instance) -> dict[str, Any]:
    """The output of `python -m bench env` for the running node."""
    return dict(json.loads(subprocess.run(command(instance, "env"), cwd=ROOT, check=True, capture_output=True, text=True).stdout))


class Kubectl:
    """`kubectl` as the administrator of one node."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    def __call__(self, *words: str, stdin: str | None = None) -> str:
        argv = [str(tools.binary("kubectl")), f"--kubeconfig={self.instance.kubeconfig}", *words]
        return subprocess.run(argv, input=stdin, text=True, capture_output=True, timeout=120, check=True).stdout

    def json(self, *words: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self(*words, "--output", "json"))
        return answer


def others_than(instance: Instance) -> list[Instance]:
    """The nodes that may run beside this one, a person's own among them."""
    return [Instance(name) for name in INSTANCES if name != instance.name]
