"""The model store on S3: a bucket outside the cluster, which pods reach by what they are and not by what they know."""

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
"""Where a pod asks the Pod Identity agent of its node for credentials: a link-local address that any rule on egress must name
(docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html). Under Cilium
not even 0.0.0.0/0 covers it (cilium#34387)."""


class S3StoreArgs(Args):
    """`cluster`: name of the EKS cluster, which runs the Pod Identity agent, in the bucket's region."""

    cluster: str | pulumi.Output[str]
    mirror: Mirror


class S3Store(Component):
    """Owns what connects cluster and bucket: the publishers' namespace and account, and an association for each account.

    Usable when the publisher is associated. EKS makes an association known to new pods some seconds later, and only to those
    (amazon-eks-pod-identity-webhook#264): a publication asks for a new pod until one has its identity, and readers, which are
    associated before it, start after it.
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
        self.publisher = PUBLISHER
        # boto3 is in it (kserve:python/storage/pyproject.toml@v0.20.0), and every node that serves a model has it already.
        self.image = args.mirror.image(versions.KSERVE_STORAGE_INITIALIZER).reference
        self._args = args
        self._reader_role = bucket.reader_role
        namespace = restricted_namespace(NAMESPACE, labels(NAMESPACE, NAMESPACE), self.child())
        self._network_policy(namespace)
        k8s.core.v1.ServiceAccount(
            PUBLISHER.name,
            metadata={"name": PUBLISHER.name, "namespace": NAMESPACE, "labels": labels(PUBLISHER.name, NAMESPACE)},
            # Pod Identity brings a token of its own; none for the API server is needed.
            automount_service_account_token=False,
            opts=self.child([namespace]),
        )
        self._associate(PUBLISHER, bucket.publisher_role)
        self.register_outputs({"bucket": self.bucket})

    def grant_read(self, account: Account) -> PodIdentity:
        """Makes this account a reader. The account itself may come later."""
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
        """Publications are reached by nobody, and reach names, the agent and HTTPS: S3's addresses change and have no selector."""
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
