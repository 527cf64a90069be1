"""A `kubectl` for tests: objects from files beside it, watches that follow a file, and a port-forward that says it forwards."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CLUSTER = "a5b50000-0000-4000-8000-000000000000"
"""The uid of the fake cluster's namespace kube-system."""

FAKE = f"""#!{sys.executable} -IS
import json, os, sys, time

here = os.path.dirname(os.path.abspath(__file__))
words = sys.argv[1:]


def read(name):
    with open(os.path.join(here, name)) as file:
        return json.load(file)


def fail(text):
    print('E1122 03:03:54.412208 32706 memcache.go:265] "Unhandled Error"', file=sys.stderr)  # its log comes before its word
    print(text, file=sys.stderr)
    sys.exit(1)


if "--raw" in words and "watch=1" in words[-1]:
    version = int(words[-1].rpartition("=")[2])
    while True:
        events = read("events.json")
        for event in events[version:]:
            print(json.dumps(event), flush=True)
            if event["type"] == "END":
                sys.exit(0)
        version = max(version, len(events))
        time.sleep(0.01)
elif "--raw" in words:
    print(json.dumps(read("pods.json")))
elif "port-forward" in words:
    with open(os.path.join(here, "forwarded"), "w") as file:
        file.write(" ".join(words))
    print(f"Forwarding from 127.0.0.1:{{read('port.json')}} -> 8080", flush=True)
    time.sleep(60)
elif "kube-system" in words:
    print("{CLUSTER}")
elif "service" in words:
    services = read("services.json")
    name = words[1] + "/" + words[4]
    print(json.dumps(services[name])) if name in services else fail('Error from server (NotFound): services "' + words[4] + '" not found')
elif "secret" in words:
    secrets = read("secrets.json")
    name = words[1] + "/" + words[4]
    print(json.dumps(secrets[name])) if name in secrets else fail('Error from server (NotFound): secrets "' + words[4] + '" not found')
elif "inferenceservice" in words:
    print(words[4]) if words[4] in read("inferenceservices.json") else fail("Error from server (NotFound)")
else:
    fail("what? " + " ".join(words))
"""


class Kubectl:
    """The folder to put on PATH, and what the fake answers."""

    def __init__(self, folder: Path, services: Sequence[str] = ("mnist",)) -> None:
        self.folder = folder
        folder.mkdir()
        program = folder / "kubectl"
        program.write_text(FAKE)
        program.chmod(0o755)
        self._write("inferenceservices.json", services)
        self.secrets({})
        self.pods([])
        self.events([])

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.folder)}

    def services(self, specs: dict[str, dict[str, Any]], forwarded_port: int = 0) -> None:
        """`namespace/name` → the Service's specification."""
        self._write("services.json", {name: {"spec": spec} for name, spec in specs.items()})
        self._write("port.json", forwarded_port)

    def secrets(self, data: dict[str, dict[str, str]]) -> None:
        """Keys are `namespace/name`; the values are encoded here."""
        encoded = {name: {key: base64.b64encode(value.encode()).decode() for key, value in keys.items()} for name, keys in data.items()}
        self._write("secrets.json", {name: {"data": keys} for name, keys in encoded.items()})

    def pods(self, pods: list[dict[str, Any]], version: int = 0) -> None:
        """The objects of a list; a watch from there on starts with event number `version`."""
        self._write("pods.json", {"items": pods, "metadata": {"resourceVersion": str(version)}})

    def events(self, events: list[dict[str, Any]]) -> None:
        """The events of a watch, so far."""
        self._write("events.json", events)

    def _write(self, name: str, content: object) -> None:
        partial = self.folder / f".{name}"
        partial.write_text(json.dumps(content))
        partial.replace(self.folder / name)


def pod(name: str, revision: str | None, ready: bool, **metadata: object) -> dict[str, Any]:
    """A pod as the API server writes it, with the fields that are read."""
    labels = {"serving.knative.dev/revision": revision} if revision else {}
    conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": str(ready)}]
    return {"metadata": {"name": name, "labels": labels, **metadata}, "status": {"phase": "Running", "conditions": conditions}}
