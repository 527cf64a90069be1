"""EKS add-ons: cluster software that AWS builds and EKS installs, in the version pinned for the cluster's Kubernetes minor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws import eks
from pydantic import Field

from components.artifacts import Addon
from components.aws.policy import trust_pods
from components.aws.release import EksRelease
from components.aws.role import Role, RoleArgs
from components.base import Args, Component


class AddonArgs(Args):
    """`rights`: the service account of the add-on's pods and the AWS policy for it, as in RoleArgs.managed. `settings`: keys of `aws eks
    describe-addon-configuration`.
    """

    addon: Addon
    rights: tuple[str, str] | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


class AddonsArgs(Args):
    """`cluster`: its name, which is known before it exists."""

    cluster: str
    region: str
    addons: list[AddonArgs]


def networking(release: EksRelease) -> list[AddonArgs]:
    """Add-ons that a node needs to become ready; on a cluster without nodes they are active at once."""
    return [
        AddonArgs(addon=release.pod_identity_agent),
        AddonArgs(addon=release.kube_proxy),
        AddonArgs(
            addon=release.vpc_cni,
            rights=("aws-node", "AmazonEKS_CNI_Policy"),
            settings={
                # Without this setting, NetworkPolicies are accepted but have no effect.
                "enableNetworkPolicy": "true",
                # Nodes get addresses in blocks of 16, so that small nodes have room for more than a dozen pods.
                "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
            },
        ),
    ]


def services(release: EksRelease) -> list[AddonArgs]:
    """Add-ons that run on nodes. Without nodes they stay degraded, and the engine would wait for them in vain."""
    return [
        AddonArgs(addon=release.coredns),
        AddonArgs(addon=release.ebs_csi_driver, rights=("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy")),
        AddonArgs(addon=release.metrics_server),
        # Finds broken GPUs (XID errors) among other faults and reports them in the node's conditions; EKS then replaces the node.
        AddonArgs(addon=release.node_monitoring_agent),
    ]


class Addons(Component):
    """Owns add-ons and the roles of their pods. Ready when EKS reports each add-on active."""

    def __init__(
        self,
        name: str,
        args: AddonsArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        for addon in args.addons:
            self._install(args, addon)
        self.register_outputs({})

    def _install(self, args: AddonsArgs, addon: AddonArgs) -> None:
        name = addon.addon.name
        roles = []
        identities: list[eks.AddonPodIdentityAssociationArgsDict] = []
        if addon.rights:
            account, policy = addon.rights
            arguments = RoleArgs(name=f"{args.cluster}-{args.region}-{name}", trust=trust_pods(), managed=[policy])
            roles = [Role(name, arguments, pulumi.ResourceOptions(parent=self))]
            identities = [{"role_arn": role.arn, "service_account": account} for role in roles]
        eks.Addon(
            name,
            cluster_name=args.cluster,
            addon_name=name,
            addon_version=addon.addon.version,
            configuration_values=json.dumps(addon.settings, sort_keys=True) if addon.settings else None,
            pod_identity_associations=identities or None,
            # The program's settings win; manual edits are undone.
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            preserve=False,
            opts=self.child(roles),
        )
