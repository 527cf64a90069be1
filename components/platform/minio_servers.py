"""The servers of MinIO (its patched fork Silo) as pods: command, resources, probes, drives, placement."""

from __future__ import annotations

from typing import Annotated, Literal

import pulumi_kubernetes as k8s
from pydantic import Field, model_validator

from components import versions
from components.artifacts import Mirror
from components.base import Args, labels
from components.pods import SCRATCH, SCRATCH_MOUNT, SCRATCH_VOLUME, container_security, pod_security, secret_env
from components.quantities import MemoryQuantity
from components.scheduling import HOST, ZONE, Quantities, Resources, Toleration, Workload

NAMESPACE = "minio"
NAME = "minio"
HEADLESS = f"{NAME}-headless"
ROOT_SECRET = f"{NAME}-root"
S3_PORT = 9000
DATA = "/data"
SELECTOR = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "server"}
RESOURCES = Resources(requests=Quantities(cpu="50m", memory="256Mi"), limits=Quantities(memory="1Gi"))


class MinioStoreArgs(Args):
    """`standalone`: one server, one drive. `distributed`: `workload.replicas` servers with one drive each, erasure-coded.

    Four servers can read without two of them and write without one. Over three zones, losing the zone with two of them
    stops writes but not reads. `storage_size` is the size of one drive; `storage_class` None: the cluster's default.
    `key_generation`: raise it by one to give readers and publisher new keys. `protect`: no destroy deletes the drives.
    """

    mode: Literal["standalone", "distributed"]
    storage_size: MemoryQuantity
    storage_class: str | None = None
    key_generation: Annotated[int, Field(ge=1)] = 1
    protect: bool = False
    workload: Workload = Workload()
    mirror: Mirror

    @model_validator(mode="after")
    def _enough_servers(self) -> MinioStoreArgs:
        servers = self.workload.replicas
        if not (servers >= 4 if self.distributed else servers == 1):
            raise ValueError(f"mode {self.mode} with {servers} replicas: standalone has 1, distributed 4 or more")
        return self

    @property
    def distributed(self) -> bool:
        return self.mode == "distributed"


def stateful_set(args: MinioStoreArgs, monitored: bool) -> k8s.apps.v1.StatefulSetSpecArgsDict:
    spec: k8s.apps.v1.StatefulSetSpecArgsDict = {
        "service_name": HEADLESS,
        "replicas": args.workload.replicas,
        "selector": {"match_labels": SELECTOR},
        "pod_management_policy": "Parallel",
        # Distributed servers refuse peers of another version, so an upgrade restarts them all at once, manually.
        "update_strategy": {"type": "OnDelete" if args.distributed else "RollingUpdate"},
        "template": {"metadata": {"labels": {**labels(NAME, NAMESPACE), **SELECTOR}}, "spec": _pod(args, monitored)},
        "volume_claim_templates": [_drive(args)],
    }
    if args.protect:
        spec["persistent_volume_claim_retention_policy"] = {"when_deleted": "Retain", "when_scaled": "Retain"}
    return spec


def _drive(args: MinioStoreArgs) -> k8s.core.v1.PersistentVolumeClaimArgsDict:
    spec: k8s.core.v1.PersistentVolumeClaimSpecArgsDict = {
        "access_modes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": args.storage_size}},
    }
    if args.storage_class:
        spec["storage_class_name"] = args.storage_class
    return {"metadata": {"name": "data"}, "spec": spec}


def _pod(args: MinioStoreArgs, monitored: bool) -> k8s.core.v1.PodSpecArgsDict:
    resources = args.workload.resources or RESOURCES
    server: k8s.core.v1.ContainerArgsDict = {
        "name": "server",
        "image": args.mirror.image(versions.SILO).reference,
        "command": ["/usr/bin/silo", "server", _drives(args), "--address", f":{S3_PORT}"],
        "env": _environment(monitored),
        "ports": [{"name": "s3", "container_port": S3_PORT}],
        "readiness_probe": _probe("/minio/health/ready", period=2, failures=3),
        "liveness_probe": _probe("/minio/health/live", period=10, failures=6),
        "resources": {"requests": resources.requests.fields(), "limits": resources.limits.fields()},
        "security_context": container_security(),
        "volume_mounts": [{"name": "data", "mount_path": DATA}, SCRATCH_MOUNT],
    }
    pod: k8s.core.v1.PodSpecArgsDict = {
        "automount_service_account_token": False,
        "security_context": pod_security(),
        "containers": [server],
        "volumes": [SCRATCH_VOLUME],
    }
    if args.workload.tolerations:
        pod["tolerations"] = [_toleration(toleration) for toleration in args.workload.tolerations]
    if args.workload.node_selector:
        pod["node_selector"] = args.workload.node_selector
    if args.distributed:
        pod["topology_spread_constraints"] = _spread()
    return pod


def _toleration(toleration: Toleration) -> k8s.core.v1.TolerationArgsDict:
    fields: k8s.core.v1.TolerationArgsDict = {"key": toleration.key, "operator": toleration.operator}
    if toleration.value is not None:
        fields["value"] = toleration.value
    if toleration.effect is not None:
        fields["effect"] = toleration.effect
    return fields


def _environment(monitored: bool) -> list[k8s.core.v1.EnvVarArgsDict]:
    env: list[k8s.core.v1.EnvVarArgsDict] = [
        secret_env("MINIO_ROOT_USER", ROOT_SECRET, "AWS_ACCESS_KEY_ID"),
        secret_env("MINIO_ROOT_PASSWORD", ROOT_SECRET, "AWS_SECRET_ACCESS_KEY"),
        {"name": "HOME", "value": SCRATCH},
        {"name": "MINIO_BROWSER", "value": "off"},
        {"name": "MINIO_UPDATE", "value": "off"},
    ]
    if monitored:
        # The alternative is a token signed with the root user's key: one more secret to keep and rotate, for numbers that only clients
        # admitted by the NetworkPolicy can read.
        env.append({"name": "MINIO_PROMETHEUS_AUTH_TYPE", "value": "public"})
    return env


def _drives(args: MinioStoreArgs) -> str:
    """Argument of `server`: a path, or MinIO's address range for a set of servers."""
    if not args.distributed:
        return DATA
    peers = f"{{0...{args.workload.replicas - 1}}}"
    return f"http://{NAME}-{peers}.{HEADLESS}.{NAMESPACE}.svc.cluster.local:{S3_PORT}{DATA}"


def _spread() -> list[k8s.core.v1.TopologySpreadConstraintArgsDict]:
    """One server per node, because losing a node must not lose two drives; zones as evenly as the nodes allow."""
    return [
        {"max_skew": 1, "topology_key": key, "when_unsatisfiable": otherwise, "label_selector": {"match_labels": SELECTOR}}
        for key, otherwise in ((HOST, "DoNotSchedule"), (ZONE, "ScheduleAnyway"))
    ]


def _probe(path: str, period: int, failures: int) -> k8s.core.v1.ProbeArgsDict:
    return {"http_get": {"path": path, "port": S3_PORT}, "period_seconds": period, "failure_threshold": failures}
