"""MinIO (its patched fork Silo): the S3 store that models are published to and served from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pulumi
import pulumi_kubernetes as k8s

from components import versions
from components.artifacts import Mirror
from components.base import Args, Component, labels
from components.model_access import Account, Credentials, S3Keys, secret_of
from components.platform.minio_bootstrap import BUCKET, Bootstrap, BootstrapArgs
from components.pods import SCRATCH, SCRATCH_MOUNT, SCRATCH_VOLUME, container_security, pod_security, restricted_namespace, secret_env

NAMESPACE = "minio"
NAME = "minio"
HEADLESS = f"{NAME}-headless"
ROOT_SECRET = f"{NAME}-root"
S3_PORT = 9000
DATA = "/data"
SELECTOR = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "server"}
CLIENT_LABEL = {"inference-platform/store-client": "true"}
"""Pods of the store's own namespace that may talk to it."""

IS_MODEL_POD = {"key": "serving.kserve.io/inferenceservice", "operator": "Exists"}
"""Set by KServe on every pod of an InferenceService; its storage initializer is the store's reader."""


class MinioStoreArgs(Args):
    """`standalone`: one server, one drive. `distributed`: `replicas` servers with one drive each, erasure-coded.

    Four servers read with two of them gone and write with one gone. `storage_size` is one drive's.
    """

    mode: Literal["standalone", "distributed"]
    replicas: int
    storage_size: str
    mirror: Mirror


class MinioStore(Component):
    """Owns namespace, servers, volumes, network rules, users and the versioned bucket `models`.

    Ready when bucket, policies and users exist. Readers can only read `models`; `publisher_secret` names the Secret, in the
    store's own namespace, of the user that may add objects to it. The root user serves the bootstrap alone.
    """

    def __init__(
        self,
        name: str,
        args: MinioStoreArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after, formerly="ModelStore")
        self.bucket = BUCKET
        self.image = args.mirror.image(versions.SILO).reference
        self.namespace = NAMESPACE
        self.endpoint = f"{NAME}.{NAMESPACE}.svc.cluster.local:{S3_PORT}"
        namespace = restricted_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child())
        root = Credentials.generate("model-store-root", "root", self)
        publisher = Credentials.generate("model-publisher", "model-publisher", self)
        self._reader = Credentials.generate("kserve-reader", "kserve-reader", self)
        root_secret = secret_of(root, ROOT_SECRET, NAMESPACE, self.child([namespace]))
        peers = self._headless_service(namespace)
        servers = self._servers(args, [namespace, root_secret, peers])
        service = self._service(servers)
        self._network_policy(namespace)
        if args.mode == "distributed":
            self._disruption_budget(namespace)
        bootstrap = Bootstrap(
            "model-store-bootstrap",
            BootstrapArgs(namespace=NAMESPACE, endpoint=self.endpoint, image=self.image, labels=CLIENT_LABEL, root_secret=ROOT_SECRET),
            users=[self._reader, publisher],
            opts=pulumi.ResourceOptions(parent=self),
            after=[namespace, servers, service],
        )
        self.publisher_secret = bootstrap.secret_names[publisher.access_key]
        self.register_outputs({"endpoint": self.endpoint, "bucket": BUCKET})

    def grant_read(self, account: Account) -> S3Keys:  # noqa: ARG002 - all readers share one key here
        """What this account's pods read the store with."""
        return S3Keys(endpoint=self.endpoint, credentials=self._reader)

    def _metadata(self, name: str = NAME, annotations: dict[str, str] | None = None) -> k8s.meta.v1.ObjectMetaArgsDict:
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {"name": name, "namespace": NAMESPACE, "labels": labels(NAME, NAMESPACE)}
        if annotations:
            metadata["annotations"] = annotations
        return metadata

    def _headless_service(self, namespace: pulumi.Resource) -> k8s.core.v1.Service:
        return k8s.core.v1.Service(
            HEADLESS,
            # The servers come after it, so its endpoints must not be waited for.
            metadata=self._metadata(HEADLESS, {"pulumi.com/skipAwait": "true"}),
            spec={
                "cluster_ip": "None",
                # Servers look each other up before any of them is ready.
                "publish_not_ready_addresses": True,
                "selector": SELECTOR,
                "ports": [{"name": "s3", "port": S3_PORT, "target_port": S3_PORT}],
            },
            opts=self.child([namespace]),
        )

    def _service(self, servers: pulumi.Resource) -> k8s.core.v1.Service:
        return k8s.core.v1.Service(
            NAME,
            metadata=self._metadata(),
            spec={"selector": SELECTOR, "ports": [{"name": "s3", "port": S3_PORT, "target_port": S3_PORT}]},
            opts=self.child([servers]),
        )

    def _servers(self, args: MinioStoreArgs, depends_on: list[pulumi.Resource]) -> k8s.apps.v1.StatefulSet:
        return k8s.apps.v1.StatefulSet(
            NAME,
            metadata=self._metadata(),
            spec={
                "service_name": HEADLESS,
                "replicas": args.replicas,
                "selector": {"match_labels": SELECTOR},
                "pod_management_policy": "Parallel",
                # Distributed servers refuse peers of another version, so an upgrade restarts them all at once, by hand.
                "update_strategy": {"type": "OnDelete" if args.mode == "distributed" else "RollingUpdate"},
                "template": {"metadata": {"labels": {**labels(NAME, NAMESPACE), **SELECTOR}}, "spec": self._pod(args)},
                "volume_claim_templates": [
                    {
                        "metadata": {"name": "data"},
                        "spec": {"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": args.storage_size}}},
                    }
                ],
            },
            opts=self.child(depends_on, create_timeout_seconds=300),
        )

    def _pod(self, args: MinioStoreArgs) -> k8s.core.v1.PodSpecArgsDict:
        server: k8s.core.v1.ContainerArgsDict = {
            "name": "server",
            "image": self.image,
            "command": ["/usr/bin/silo", "server", _drives(args), "--address", f":{S3_PORT}"],
            "env": [
                secret_env("MINIO_ROOT_USER", ROOT_SECRET, "AWS_ACCESS_KEY_ID"),
                secret_env("MINIO_ROOT_PASSWORD", ROOT_SECRET, "AWS_SECRET_ACCESS_KEY"),
                {"name": "HOME", "value": SCRATCH},
                {"name": "MINIO_BROWSER", "value": "off"},
                {"name": "MINIO_UPDATE", "value": "off"},
            ],
            "ports": [{"name": "s3", "container_port": S3_PORT}],
            "readiness_probe": _probe("/minio/health/ready", period=2, failures=3),
            "liveness_probe": _probe("/minio/health/live", period=10, failures=6),
            "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
            "security_context": container_security(),
            "volume_mounts": [{"name": "data", "mount_path": DATA}, SCRATCH_MOUNT],
        }
        pod: k8s.core.v1.PodSpecArgsDict = {
            "automount_service_account_token": False,
            "security_context": pod_security(),
            "containers": [server],
            "volumes": [SCRATCH_VOLUME],
        }
        if args.mode == "distributed":
            pod["topology_spread_constraints"] = _spread()
        return pod

    def _network_policy(self, namespace: pulumi.Resource) -> None:
        """Who may reach the store: its servers, its clients beside it, and pods of an InferenceService in any namespace."""
        k8s.networking.v1.NetworkPolicy(
            NAME,
            metadata=self._metadata(),
            spec={
                "pod_selector": {"match_labels": SELECTOR},
                "policy_types": ["Ingress"],
                "ingress": [
                    {
                        "ports": [{"port": S3_PORT, "protocol": "TCP"}],
                        "from_": [
                            {"pod_selector": {"match_labels": SELECTOR}},
                            {"pod_selector": {"match_labels": CLIENT_LABEL}},
                            {
                                "namespace_selector": {},
                                "pod_selector": {
                                    "match_expressions": [{"key": "serving.kserve.io/inferenceservice", "operator": "Exists"}]
                                },
                            },
                        ],
                    }
                ],
            },
            opts=self.child([namespace]),
        )

    def _disruption_budget(self, namespace: pulumi.Resource) -> None:
        k8s.policy.v1.PodDisruptionBudget(
            NAME,
            metadata=self._metadata(),
            spec={"max_unavailable": 1, "selector": {"match_labels": SELECTOR}},
            opts=self.child([namespace]),
        )


def _drives(args: MinioStoreArgs) -> str:
    """What `server` takes: a path, or MinIO's own range of addresses for a set of servers."""
    if args.mode == "standalone":
        return DATA
    peers = f"{{0...{args.replicas - 1}}}"
    return f"http://{NAME}-{peers}.{HEADLESS}.{NAMESPACE}.svc.cluster.local:{S3_PORT}{DATA}"


def _spread() -> list[k8s.core.v1.TopologySpreadConstraintArgsDict]:
    """One server per node, or losing a node loses two drives; zones as evenly as they allow."""
    return [
        {"max_skew": 1, "topology_key": key, "when_unsatisfiable": otherwise, "label_selector": {"match_labels": SELECTOR}}
        for key, otherwise in (("kubernetes.io/hostname", "DoNotSchedule"), ("topology.kubernetes.io/zone", "ScheduleAnyway"))
    ]


def _probe(path: str, period: int, failures: int) -> k8s.core.v1.ProbeArgsDict:
    return {"http_get": {"path": path, "port": S3_PORT}, "period_seconds": period, "failure_threshold": failures}
