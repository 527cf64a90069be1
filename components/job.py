"""A Job named by a hash of what it does: an unchanged one never runs again, a changed one is a new Job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component
from components.pods import container_security, pod_security


class ScriptJobArgs(Args):
    """One run of a script. `pod` has the pod's own fields in SDK spelling; secrets reach it by reference only."""

    name: str
    namespace: str
    labels: dict[str, str]
    pod: dict[str, Any]
    deadline_seconds: int
    """After this the Job has failed. The API server's clock starts with the Job, image pulls included."""

    @property
    def job_name(self) -> str:
        """Fails on an Output inside: a name must be known in a preview, and a secret must never reach one."""
        content = json.dumps([self.pod, self.deadline_seconds], sort_keys=True)
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"


def script_job(args: ScriptJobArgs, owner: Component, depends_on: Sequence[pulumi.Resource] = ()) -> k8s.batch.v1.Job:
    """Creates the Job and waits for its end. Its last log lines are its termination message, which Pulumi shows when it fails."""
    pod: Any = {"restart_policy": "Never", "security_context": pod_security(), **args.pod}
    return k8s.batch.v1.Job(
        args.name,
        metadata={
            "name": args.job_name,
            "namespace": args.namespace,
            "labels": args.labels,
            # A failed run is replaced by the next `up`; otherwise that `up` would wait for the old failure again.
            "annotations": {"pulumi.com/replaceUnready": "true"},
        },
        spec={
            # The scripts retry what may recover; a second pod would only hide the first one's reason.
            "backoff_limit": 0,
            "active_deadline_seconds": args.deadline_seconds,
            # No ttl_seconds_after_finished: a Job that removes itself is drift.
            "template": {"metadata": {"labels": args.labels}, "spec": pod},
        },
        # Pulumi reports the reason when its own wait ends, so that must not be much later than the Job's deadline.
        opts=owner.child(depends_on, create_timeout_seconds=args.deadline_seconds + 10),
    )


def script_container(name: str, image: str, command: list[str], **fields: object) -> dict[str, object]:
    """A container under the restricted profile whose last log lines become its termination message."""
    return {
        "name": name,
        "image": image,
        "command": command,
        "termination_message_policy": "FallbackToLogsOnError",
        "security_context": container_security(),
        **fields,
    }
