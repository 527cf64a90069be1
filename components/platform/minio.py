"""MinIO (its patched fork Silo): the S3 store for models."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components import versions
from components.base import Component, labels
from components.model_access import Account, Credentials, S3Keys, secret_of
from components.platform.minio_bootstrap import BUCKET, PUBLISHER, Bootstrap, BootstrapArgs
from components.platform.minio_servers import HEADLESS, NAME, NAMESPACE, ROOT_SECRET, S3_PORT, SELECTOR, MinioStoreArgs, stateful_set
from components.pods import restricted_namespace
from components.prometheus import Prometheus

CLIENT_LABEL = {"inference-platform/store-client": "true"}
"""Label of pods in the store's namespace that may connect to it."""

IS_MODEL_POD: k8s.meta.v1.LabelSelectorRequirementArgsDict = {"key": "serving.kserve.io/inferenceservice", "operator": "Exists"}
"""KServe sets this label on every pod of an InferenceService; its storage initializer reads from the store."""

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label with which Kubernetes marks every namespace with its name."""

METRICS = ("/minio/v2/metrics/cluster", "/minio/v2/metrics/node")
"""Every server reports the whole cluster, so use `max` over the servers, not `sum`."""


class MinioStore(Component):
    """Owns namespace, servers, volumes, network rules, users and the versioned bucket `models`.

    Ready when bucket, policies and users exist. Readers can only read `models`. `publisher_secret` names the Secret, in the
    store's namespace, of the user that may add objects to it. Only the bootstrap uses the root user.
    Traffic is plain HTTP; a NetworkPolicy limits it to the store's clients. `prometheus` may scrape the store if its namespace is known;
    no other pod may.
    """

    def __init__(
        self,
        name: str,
        args: MinioStoreArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
        prometheus: Prometheus | None = None,
    ) -> None:
        super().__init__(name, opts, after, formerly="ModelStore")
        watcher = prometheus if prometheus and prometheus.namespace else None
        self.bucket = BUCKET
        self.image = args.mirror.image(versions.SILO).reference
        self.namespace = NAMESPACE
        self.endpoint = f"{NAME}.{NAMESPACE}.svc.cluster.local:{S3_PORT}"
        # Deleting a namespace deletes its volumes, whatever their own protection.
        namespace = restricted_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child(protect=args.protect or None))
        root = Credentials.generate("model-store-root", "root", self)
        publisher = Credentials.generate(PUBLISHER, PUBLISHER, self, args.key_generation)
        self._reader = Credentials.generate("kserve-reader", "kserve-reader", self, args.key_generation)
        root_secret = secret_of(root, ROOT_SECRET, NAMESPACE, self.child([namespace]))
        peers = self._headless_service(namespace)
        servers = self._servers(args, watcher is not None, [namespace, root_secret, peers])
        service = self._service(servers)
        self._network_policy(namespace, watcher)
        if args.distributed:
            self._disruption_budget(namespace)
        if watcher:
            self._monitor(namespace, watcher)
        bootstrap = Bootstrap(
            "model-store-bootstrap",
            BootstrapArgs(
                namespace=NAMESPACE,
                endpoint=self.endpoint,
                image=self.image,
                labels=CLIENT_LABEL,
                root_secret=ROOT_SECRET,
                key_generation=args.key_generation,
            ),
            users=[self._reader, publisher],
            opts=pulumi.ResourceOptions(parent=self),
            after=[namespace, servers, service],
        )
        self.publisher_secret = bootstrap.secret_names[publisher.access_key]
        self.register_outputs({"endpoint": self.endpoint, "bucket": BUCKET})

    def grant_read(self, account: Account) -> S3Keys:  # noqa: ARG002 - all readers share one key here
        """Keys with which this account's pods read the store."""
        return S3Keys(endpoint=self.endpoint, credentials=self._reader)

    def _metadata(self, name: str = NAME, annotations: dict[str, str] | None = None) -> k8s.meta.v1.ObjectMetaArgsDict:
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {"name": name, "namespace": NAMESPACE, "labels": labels(NAME, NAMESPACE)}
        if annotations:
            metadata["annotations"] = annotations
        return metadata

    def _headless_service(self, namespace: pulumi.Resource) -> k8s.core.v1.Service:
        return k8s.core.v1.Service(
            HEADLESS,
            # The servers start after this Service, so the program must not wait for its endpoints.
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
            # The component label distinguishes it from the headless Service; otherwise a ServiceMonitor would scrape every server twice.
            metadata={**self._metadata(), "labels": {**labels(NAME, NAMESPACE), **SELECTOR}},
            spec={"selector": SELECTOR, "ports": [{"name": "s3", "port": S3_PORT, "target_port": S3_PORT}]},
            opts=self.child([servers]),
        )

    def _servers(self, args: MinioStoreArgs, monitored: bool, depends_on: list[pulumi.Resource]) -> k8s.apps.v1.StatefulSet:
        return k8s.apps.v1.StatefulSet(
            NAME,
            metadata=self._metadata(),
            spec=stateful_set(args, monitored),
            opts=self.child(depends_on, create_timeout_seconds=args.workload.timeout_seconds, protect=args.protect or None),
        )

    def _network_policy(self, namespace: pulumi.Resource, watcher: Prometheus | None) -> None:
        """Clients that may reach the store: its servers, its clients in its namespace, InferenceService pods in any namespace, and
        Prometheus.
        """
        peers: list[k8s.networking.v1.NetworkPolicyPeerArgsDict] = [
            {"pod_selector": {"match_labels": SELECTOR}},
            {"pod_selector": {"match_labels": CLIENT_LABEL}},
            {"namespace_selector": {}, "pod_selector": {"match_expressions": [IS_MODEL_POD]}},
        ]
        if watcher and watcher.namespace:
            peers.append({"namespace_selector": {"match_labels": {NAMESPACE_NAME: watcher.namespace}}})
        k8s.networking.v1.NetworkPolicy(
            NAME,
            metadata=self._metadata(),
            spec={
                "pod_selector": {"match_labels": SELECTOR},
                "policy_types": ["Ingress"],
                "ingress": [{"ports": [{"port": S3_PORT, "protocol": "TCP"}], "from_": peers}],
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

    def _monitor(self, namespace: pulumi.Resource, watcher: Prometheus) -> None:
        k8s.apiextensions.CustomResource(
            f"{NAME}-metrics",
            api_version="monitoring.coreos.com/v1",
            kind="ServiceMonitor",
            metadata={"name": NAME, "namespace": NAMESPACE, "labels": {**labels(NAME, NAMESPACE), **watcher.labels}},
            spec={
                "selector": {"matchLabels": SELECTOR},
                "endpoints": [{"port": "s3", "path": path, "interval": "30s"} for path in METRICS],
            },
            opts=self.child([namespace, *([watcher.definitions] if watcher.definitions else [])]),
        )
