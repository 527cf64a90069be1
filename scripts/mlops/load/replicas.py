"""Counts the replicas of InferenceServices during a load: one `kubectl` reports every change and costs nothing between changes."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from scripts.errors import DriverError, reason

SELECTOR = "serving.kserve.io/inferenceservice"
REVISION = "serving.knative.dev/revision"
AGAIN_SECONDS = 1.0
"""A watch ends with its connection, and after half an hour anyway (kube-apiserver: --min-request-timeout); then it begins anew."""


@dataclass(frozen=True)
class Count:
    """The number of ready pods, and of all pods that exist and are not being deleted."""

    ready: int
    total: int


@dataclass(frozen=True)
class Replicas:
    """The pods from `at` (seconds of the epoch) until the next change, by revision (Standard mode: by ReplicaSet)."""

    at: float
    versions: Mapping[str, Count]

    @property
    def ready(self) -> int:
        return sum(count.ready for count in self.versions.values())

    @property
    def total(self) -> int:
        return sum(count.total for count in self.versions.values())


@contextmanager
def watched(namespace: str, names: Sequence[str], environment: Mapping[str, str]) -> Iterator[ReplicaWatch]:
    """Watch these InferenceServices together until the end of the block. Raises DriverError if one does not exist."""
    for name in names:
        _kubectl(["--namespace", namespace, "get", "inferenceservice", name, "--output", "name"], environment)
    watch = ReplicaWatch(namespace, names, environment)
    try:
        yield watch
    finally:
        watch.close()


class ReplicaWatch:
    """`changes` grows during the watch; the first item is the state at the beginning."""

    def __init__(self, namespace: str, names: Sequence[str], environment: Mapping[str, str]) -> None:
        self.changes: list[Replicas] = []
        selector = f"{SELECTOR} in ({','.join(names)})"
        self._path = f"/api/v1/namespaces/{namespace}/pods?labelSelector={quote(selector)}"
        self._environment = environment
        self._closed = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._pods: dict[str, dict[str, Any]] = {}
        self._thread = threading.Thread(target=self._follow, args=[self._list()], daemon=True)
        self._thread.start()

    @property
    def now(self) -> Replicas:
        """The last change."""
        return self.changes[-1]

    def close(self) -> None:
        """Ends the `kubectl`."""
        self._closed.set()
        if self._process:
            self._process.terminate()
        self._thread.join()

    def _list(self) -> str:
        """Record the present pods; return the version of the list from which to watch."""
        found = json.loads(_kubectl(["get", "--raw", self._path], self._environment))
        self._pods = {pod["metadata"]["name"]: pod for pod in found["items"]}
        self._note()
        return str(found["metadata"]["resourceVersion"])

    def _follow(self, version: str) -> None:
        while not self._closed.is_set():
            self._watch(version)
            while not self._closed.wait(AGAIN_SECONDS):
                try:
                    version = self._list()
                    break
                except DriverError:  # the API server is away: its next answer counts from then
                    continue

    def _watch(self, version: str) -> None:
        command = ["kubectl", "get", "--raw", f"{self._path}&watch=1&resourceVersion={version}"]
        with subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, process_group=0
        ) as process:
            self._process = process
            if self._closed.is_set():
                process.terminate()
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            for line in process.stdout:
                event = json.loads(line)
                if event["type"] == "ERROR":  # the version is too old to go on from
                    break
                self._take(event["type"], event["object"])
            process.terminate()

    def _take(self, kind: str, pod: dict[str, Any]) -> None:
        if kind == "DELETED":
            self._pods.pop(pod["metadata"]["name"], None)
        else:
            self._pods[pod["metadata"]["name"]] = pod
        self._note()

    def _note(self) -> None:
        versions = counted(self._pods.values())
        if not self.changes or versions != self.now.versions:
            self.changes.append(Replicas(time.time(), versions))


def counted(pods: Iterable[dict[str, Any]]) -> dict[str, Count]:
    """Return the pods by version, with the name that answers have (session.version_of), without those that ended or are being deleted."""
    versions: dict[str, Count] = {}
    for pod in pods:
        metadata, status = pod["metadata"], pod.get("status", {})
        if metadata.get("deletionTimestamp") or status.get("phase") in ("Succeeded", "Failed"):
            continue
        version = metadata.get("labels", {}).get(REVISION) or metadata["name"].rpartition("-")[0]
        ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in status.get("conditions", []))
        count = versions.get(version, Count(0, 0))
        versions[version] = Count(count.ready + ready, count.total + 1)
    return dict(sorted(versions.items()))


def _kubectl(arguments: list[str], environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(["kubectl", *arguments], env=environment, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise DriverError("replicas are counted with kubectl, which isn't on PATH") from None
    if done.returncode != 0:
        raise DriverError(f"`kubectl {' '.join(arguments)}` failed: {reason(done)}")
    return done.stdout
