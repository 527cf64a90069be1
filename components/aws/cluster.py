"""The EKS control plane, its encryption key, its logs, and its administrators."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pulumi
from pulumi_aws import cloudwatch, eks, kms
from pydantic import Field

from components.aws.addresses import SERVICE_CIDR
from components.aws.kubeconfig import kubeconfig
from components.aws.policy import allow_key, document, trust
from components.aws.role import Role, RoleArgs
from components.base import Args, Component

LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
KEY_DELETION_DAYS = 30
"""The maximum. Without the key, a cluster's secrets and their backups are lost."""


class EksClusterArgs(Args):
    """`kubernetes`: the minor version, such as 1.35. `subnet_ids`: private subnets in at least two zones.

    `public_access_cidrs`: address ranges that may reach the API server from outside the network; empty: none. `admins`: roles, by ARN or
    by name in the cluster's account; the role that runs Pulumi must be among them. `protect`: neither Pulumi nor AWS deletes cluster or
    key
    until a person removes the protection. `zonal_shift`: AWS may move traffic out of an impaired zone.
    """

    name: str
    region: str
    kubernetes: str
    subnet_ids: list[str | pulumi.Output[str]]
    public_access_cidrs: list[str] = Field(default_factory=list)
    admins: list[str] = Field(min_length=1)
    log_retention_days: int = 30
    protect: bool = False
    zonal_shift: bool = False


class EksCluster(Component):
    """Owns control plane, key, log group, role and access entries. Ready when the API server answers and the admins may use it.

    Nodes join with the security group that EKS makes for the cluster. It allows traffic only between nodes and control plane, so the
    program adds no rule to it.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    security_group_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: EksClusterArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        key, alias = self._key(name, args)
        role = self._role(name, args)
        cluster = self._control_plane(name, args, key, alias, role)
        for logical_name, admin in _logical_names(args.admins).items():
            self._admit(cluster, logical_name, admin)
        self.name = cluster.name
        self.arn = cluster.arn
        self.security_group_id = cluster.vpc_config.apply(lambda found: found.cluster_security_group_id or "")
        authority = cluster.certificate_authority.apply(lambda found: found.data or "")
        self.kubeconfig = kubeconfig(cluster.name, args.region, cluster.endpoint, authority)
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _key(self, name: str, args: EksClusterArgs) -> tuple[kms.Key, kms.Alias]:
        """The key that encrypts Kubernetes Secrets, in addition to the disks' own encryption; the role refers to it by its alias."""
        key = kms.Key(
            f"{name}-secrets",
            description=f"Kubernetes Secrets of {args.name}",
            enable_key_rotation=True,
            deletion_window_in_days=KEY_DELETION_DAYS,
            opts=self.child(protect=args.protect),
        )
        alias = kms.Alias(f"{name}-secrets", name=_alias(args), target_key_id=key.key_id, opts=self.child())
        return key, alias

    def _role(self, name: str, args: EksClusterArgs) -> Role:
        # These are the KMS actions of terraform-aws-modules/terraform-aws-eks (main.tf@v21.19.0).
        encryption = allow_key(["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"], args.region, _alias(args))
        return Role(
            f"{name}-control-plane",
            RoleArgs(
                name=f"{args.name}-{args.region}-control-plane",
                trust=trust("eks.amazonaws.com"),
                managed=["AmazonEKSClusterPolicy"],
                inline={"secrets": document(encryption)},
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _control_plane(self, name: str, args: EksClusterArgs, key: kms.Key, alias: kms.Alias, role: Role) -> eks.Cluster:
        # Created before the cluster, because EKS would create it itself and keep the logs for ever.
        logs = cloudwatch.LogGroup(name, name=f"/aws/eks/{args.name}/cluster", retention_in_days=args.log_retention_days, opts=self.child())
        return eks.Cluster(
            name,
            name=args.name,
            version=args.kubernetes,
            role_arn=role.arn,
            vpc_config={
                "subnet_ids": args.subnet_ids,
                "endpoint_private_access": True,
                "endpoint_public_access": bool(args.public_access_cidrs),
                "public_access_cidrs": args.public_access_cidrs or None,
            },
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": SERVICE_CIDR},
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            # The program installs pinned add-ons; EKS's own copies would be unmanaged.
            bootstrap_self_managed_addons=False,
            encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
            enabled_cluster_log_types=LOGS,
            # Extended support costs six times as much per hour; without it, AWS upgrades versions that are too old.
            upgrade_policy={"support_type": "STANDARD"},
            zonal_shift_config={"enabled": args.zonal_shift},
            deletion_protection=args.protect,
            # Without its role's policies, EKS cannot remove the objects that it made in the network.
            opts=self.child(
                [role, alias, logs],
                protect=args.protect,
                # AWS reads these only at creation; a difference would replace an imported cluster (pulumi-eks ignores them too).
                ignore_changes=["bootstrapSelfManagedAddons", "accessConfig.bootstrapClusterCreatorAdminPermissions"],
            ),
        )

    def _admit(self, cluster: eks.Cluster, name: str, admin: str) -> None:
        principal = _role_arn(admin, cluster)
        entry = eks.AccessEntry(name, cluster_name=cluster.name, principal_arn=principal, type="STANDARD", opts=self.child())
        eks.AccessPolicyAssociation(
            name,
            cluster_name=cluster.name,
            principal_arn=principal,
            policy_arn=ADMIN_POLICY,
            access_scope={"type": "cluster"},
            opts=self.child([entry]),
        )


def _alias(args: EksClusterArgs) -> str:
    return f"alias/eks/{args.name}"


def _logical_names(admins: Sequence[str]) -> dict[str, str]:
    """Logical names → admins. If an earlier admin (in another account) has the same name, the whole ARN follows the name.

    Raises ValueError if the list has an admin twice.
    """
    names: dict[str, str] = {}
    for admin in admins:
        short, full = f"admin-{admin.rpartition('/')[2]}", f"admin-{re.sub(r'[:/]+', '-', admin)}"
        name = full if short in names else short
        if name in names:
            raise ValueError(f"admins names {admin} twice")
        names[name] = admin
    return names


def _role_arn(role: str, cluster: eks.Cluster) -> pulumi.Input[str]:
    """ARN of a role. A plain name such as `platform-admin` means the role of that name in the cluster's own account."""
    if role.startswith("arn:"):
        return role
    return cluster.arn.apply(lambda arn: f"arn:aws:iam::{arn.split(':')[4]}:role/{role}")
