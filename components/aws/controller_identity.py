"""The identity of a controller in the cluster that calls AWS: a role of its own, which Pod Identity gives to its service account."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_aws import eks

from components.aws.cluster import EksCluster
from components.aws.policy import trust_pods
from components.aws.role import Role, RoleArgs
from components.base import Args, Component
from components.model_access import Account


class ControllerIdentityArgs(Args):
    """`cluster`: its name, known before it exists. `rights`: policy documents of the role, by name."""

    cluster: str
    region: str
    account: Account
    rights: Mapping[str, str]


def controller_identity(name: str, args: ControllerIdentityArgs, control_plane: EksCluster, owner: Component) -> eks.PodIdentityAssociation:
    """Create role and association as children of `owner`.

    Let the pod wait for it: a pod gets its identity only when it is created, and EKS takes some seconds to publish an association
    (amazon-eks-pod-identity-webhook#264). It is there right after the cluster and long before the pod.
    """
    account = args.account
    role = Role(
        name,
        RoleArgs(name=f"{args.cluster}-{args.region}-{account.name}", trust=trust_pods(), inline=dict(args.rights)),
        pulumi.ResourceOptions(parent=owner),
    )
    return eks.PodIdentityAssociation(
        name,
        cluster_name=control_plane.name,
        namespace=account.namespace,
        service_account=account.name,
        role_arn=role.arn,
        opts=owner.child([role]),
    )
