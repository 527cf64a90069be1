"""The model store on S3: a bucket outside the cluster, which pods reach by their identity instead of keys."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s
from pulumi_aws import eks

from components import versions
from components.artifacts import Mirror
from components.aws.model_bucket import ModelBucket
from components.aws.role import Role
from components.base import Args, Component, labels
from components.model_access import Account, PodIdentity
from components.pods import restricted_namespace

NAMESPACE = "model-store"
PUBLISHER = Account(namespace=NAMESPACE, name="model-publisher")
AGENT = "169.254.170.23/32"
"""Link-local address of the node's Pod Identity agent, which gives pods their credentials; any egress rule must name it
(docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html). Under Cilium, not even 0.0.0.0/0 covers it (cilium#34387).
"""


class S3StoreArgs(Args):
    """`cluster`: name of the EKS cluster, in the bucket's region, with the Pod Identity agent."""

    cluster: str | pulumi.Output[str]
    mirror: Mirror


class S3Store(Component):
    """Owns the link between cluster and bucket: the publishers' namespace and account, and an association for each account.

    Usable when the publisher is associated. Some seconds later, EKS gives the identity to new pods only
    (amazon-eks-pod-identity-webhook#264). A publication therefore restarts its pod until one has the identity; readers start after the
    publication, and their association is made before it.
    """

    def __init__(
        self,
        name: str,
        args: S3StoreArgs,
        bucket: ModelBucket,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, [bucket, *after])
        self.bucket = bucket.bucket
        self.key_arn = bucket.key_arn
        self.publisher = PUBLISHER
        # The image contains boto3 (kserve:python/storage/pyproject.toml@v0.20.0), and every node that serves a model already has it.
        self.image = args.mirror.image(versions.KSERVE_STORAGE_INITIALIZER).reference
        self._args = args
        self._reader_role = bucket.reader_role
        namespace = restricted_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child())
        self._network_policy(namespace)
        k8s.core.v1.ServiceAccount(
            PUBLISHER.name,
            metadata={"name": PUBLISHER.name, "namespace": NAMESPACE, "labels": labels(PUBLISHER.name, NAMESPACE)},
            # Pod Identity uses its own token; the pod needs none for the API server.
            automount_service_account_token=False,
            opts=self.child([namespace]),
        )
        self._associate(PUBLISHER, bucket.publisher_role)
        self.register_outputs({"bucket": self.bucket})

    def grant_read(self, account: Account) -> PodIdentity:
        """Make this account a reader. The account itself may be created later."""
        return PodIdentity(granted=self._associate(account, self._reader_role))

    def _associate(self, account: Account, role: Role) -> eks.PodIdentityAssociation:
        return eks.PodIdentityAssociation(
            f"{account.namespace}-{account.name}",
            cluster_name=self._args.cluster,
            namespace=account.namespace,
            service_account=account.name,
            role_arn=role.arn,
            opts=self.child([role]),
        )

    def _network_policy(self, namespace: pulumi.Resource) -> None:
        """Publishers accept no connections and may reach only DNS, the agent and HTTPS: S3's addresses change and have no selector."""
        k8s.networking.v1.NetworkPolicy(
            NAMESPACE,
            metadata={"name": NAMESPACE, "namespace": NAMESPACE, "labels": labels(NAMESPACE, NAMESPACE)},
            spec={
                "pod_selector": {},
                "policy_types": ["Ingress", "Egress"],
                "egress": [
                    {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
                    {"ports": [{"port": 80, "protocol": "TCP"}], "to": [{"ip_block": {"cidr": AGENT}}]},
                    {"ports": [{"port": 443, "protocol": "TCP"}]},
                ],
            },
            opts=self.child([namespace]),
        )
