"""A Job named by a hash of its definition: an unchanged Job never runs again, a changed one is a new Job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, named_by_content
from components.pods import SCRATCH_MOUNT, SCRATCH_VOLUME, container_security, pod_security

PROGRAM = "/program"
TRY_A_NEW_POD = 75
"""`EX_TEMPFAIL`: exit code by which a program asks for another pod. Any other failure fails the Job."""

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "components" / "in_cluster"


class ScriptJobArgs(Args):
    """One run of a program from `components/in_cluster`. It receives secrets by reference only.

    `files` are mounted below the working directory at their paths in this project; `command` may name them.
    """

    name: str
    namespace: str
    labels: dict[str, str]
    image: str
    files: list[Path]
    command: list[str]
    env: Sequence[Mapping[str, object]]
    account: str | None = None
    memory: str = "64Mi"
    init_containers: Sequence[Mapping[str, object]] = ()
    volumes: Sequence[Mapping[str, object]] = ()
    volume_mounts: Sequence[Mapping[str, object]] = ()
    new_pods: int = 0
    """Number of additional pods that the program may ask for, about 10 s after the first, then 20 s, then 40 s. A new pod helps because
    admission adds identities only to new pods.
    """
    deadline_seconds: int
    """Seconds after which the Job fails. The clock starts with the Job and includes image pulls."""


def script_job(args: ScriptJobArgs, owner: Component, depends_on: Sequence[pulumi.Resource] = ()) -> k8s.batch.v1.Job:
    """Create the Job and wait for its end. Its last log lines are its termination message, which Pulumi shows if it fails."""
    program = {str(path.relative_to(ROOT)): path.read_text() for path in args.files}
    program_name = named_by_content(args.name, program)
    config_map = k8s.core.v1.ConfigMap(
        args.name,
        metadata={"name": program_name, "namespace": args.namespace, "labels": args.labels},
        data={Path(path).name: content for path, content in program.items()},
        opts=owner.child(depends_on),
    )
    pod = _pod(args, program_name, list(program))
    return k8s.batch.v1.Job(
        args.name,
        metadata={
            "name": named_by_content(args.name, [pod, args.deadline_seconds, args.new_pods]),
            "namespace": args.namespace,
            "labels": args.labels,
            # The next `up` replaces a failed run; otherwise that `up` would wait for the old failure again.
            "annotations": {"pulumi.com/replaceUnready": "true"},
        },
        spec=_spec(args, pod),
        opts=owner.child(
            [config_map, *depends_on],
            # A failed change leaves the previous Job in the cluster; going back would conflict with its name.
            delete_before_replace=True,
            # Pulumi reports the reason when its own wait ends, so that wait must not end much later than the Job's deadline.
            create_timeout_seconds=args.deadline_seconds + 10,
        ),
    )


def _spec(args: ScriptJobArgs, pod: Any) -> k8s.batch.v1.JobSpecArgsDict:  # noqa: ANN401 - plain data
    # Never use `**` of an Any in a typed dict: mypy 2.4.1 tries every overload with it and takes 19 GB.
    spec: k8s.batch.v1.JobSpecArgsDict = {
        # The programs retry recoverable errors; a second pod would only hide the first one's reason, unless the program asks for it.
        "backoff_limit": args.new_pods,
        "active_deadline_seconds": args.deadline_seconds,
        # ttl_seconds_after_finished is not set: a Job that removes itself is drift.
        "template": {"metadata": {"labels": args.labels}, "spec": pod},
    }
    if args.new_pods:
        certain: k8s.batch.v1.PodFailurePolicyOnExitCodesRequirementArgsDict = {"operator": "NotIn", "values": [TRY_A_NEW_POD]}
        spec["pod_failure_policy"] = {"rules": [{"action": "FailJob", "on_exit_codes": certain}]}
    return spec


def _pod(args: ScriptJobArgs, program_name: str, paths: list[str]) -> Any:  # noqa: ANN401 - plain data, hashed before it is typed
    items = [{"key": Path(path).name, "path": path} for path in paths]
    return {
        "restart_policy": "Never",
        "security_context": pod_security(),
        **({"service_account_name": args.account} if args.account else {"automount_service_account_token": False}),
        **({"init_containers": list(args.init_containers)} if args.init_containers else {}),
        "containers": [
            {
                "name": "program",
                "image": args.image,
                "command": args.command,
                "working_dir": PROGRAM,
                "env": list(args.env),
                "resources": {"requests": {"cpu": "10m", "memory": args.memory}, "limits": {"memory": args.memory}},
                "termination_message_policy": "FallbackToLogsOnError",
                "security_context": container_security(),
                "volume_mounts": [{"name": "program", "mount_path": PROGRAM}, SCRATCH_MOUNT, *args.volume_mounts],
            }
        ],
        "volumes": [{"name": "program", "config_map": {"name": program_name, "items": items}}, SCRATCH_VOLUME, *args.volumes],
    }
