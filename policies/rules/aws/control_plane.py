"""The EKS control plane: its network access, its administrators, its logs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.rules.resource import Resource
from policies.rules.rule import Rule
from policies.settings import Settings

CLUSTER = ("aws:eks/cluster:Cluster",)
ADDON = ("aws:eks/addon:Addon",)
LOGS = frozenset({"api", "audit", "authenticator", "controllerManager", "scheduler"})
ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
BUILD = re.compile(r"v\d+\.\d+\.\d+-eksbuild\.\d+")
BEST_PRACTICES = "https://docs.aws.amazon.com/eks/latest/best-practices/"


def _endpoint_closed(cluster: Resource, _settings: Settings) -> Iterator[str]:
    # AWS opens it to everybody by default.
    if not cluster.get("vpcConfig.endpointPublicAccess", True):
        return
    cidrs = list(cluster.get("vpcConfig.publicAccessCidrs", []))
    if not cidrs:
        yield "vpcConfig.endpointPublicAccess without publicAccessCidrs opens the API server to everybody"
    for cidr in ANYWHERE.intersection(cidrs):
        yield f"vpcConfig.publicAccessCidrs has {cidr}: the API server is open to everybody"


def _private_endpoint(cluster: Resource, _settings: Settings) -> Iterator[str]:
    if cluster.get("vpcConfig.endpointPrivateAccess", False) is not True:
        yield "vpcConfig.endpointPrivateAccess is off: nodes reach the API server by the internet only"


def _secrets_encrypted(cluster: Resource, _settings: Settings) -> Iterator[str]:
    # The key's ARN is known only once the key exists; a preview already knows that a key is named.
    if "keyArn" not in cluster.get("encryptionConfig.provider", {}) or "secrets" not in cluster.get("encryptionConfig.resources", []):
        yield "encryptionConfig names no KMS key for secrets: a backup of etcd shows them in clear"


def _all_logs(cluster: Resource, _settings: Settings) -> Iterator[str]:
    if missing := sorted(LOGS - set(cluster.get("enabledClusterLogTypes", []))):
        yield f"enabledClusterLogTypes lacks {', '.join(missing)}"


def _access_entries(cluster: Resource, _settings: Settings) -> Iterator[str]:
    mode = cluster.get("accessConfig.authenticationMode", "CONFIG_MAP")
    if mode != "API":
        yield f"accessConfig.authenticationMode is {mode}: a ConfigMap in the cluster can also add administrators"


def _no_creator_admin(cluster: Resource, _settings: Settings) -> Iterator[str]:
    if cluster.get("accessConfig.bootstrapClusterCreatorAdminPermissions", True) is not False:
        yield "accessConfig.bootstrapClusterCreatorAdminPermissions makes the first user of Pulumi an administrator for ever, unlisted"


def _protected(cluster: Resource, _settings: Settings) -> Iterator[str]:
    if cluster.get("deletionProtection", False) is not True:
        yield "deletionProtection is off: AWS deletes the cluster when asked once"
    if not cluster.protect:
        yield "Pulumi does not protect it: a destroy, or a change that replaces it, takes it away"


def _standard_support(cluster: Resource, _settings: Settings) -> Iterator[str]:
    support = cluster.get("upgradePolicy.supportType", "EXTENDED")
    if support != "STANDARD":
        yield f"upgradePolicy.supportType is {support}: an old Kubernetes costs six times as much an hour"


def _addon_pinned(addon: Resource, _settings: Settings) -> Iterator[str]:
    version = addon.get("addonVersion", "")
    if not BUILD.fullmatch(version):
        found = f'"{version}"' if version else "missing"
        yield f"addonVersion is {found}: it is no build such as v1.22.4-eksbuild.3, so two stacks get two different ones"


RULES: tuple[Rule, ...] = (
    Rule(
        name="eks-endpoint-closed",
        title="The Kubernetes API server is not open to everybody",
        why="One stolen token or one bug in an open API server gives away the whole cluster.",
        fix="Leave cluster.endpoint.publicCidrs empty, or list the networks that need it; never 0.0.0.0/0.",
        severity="critical",
        types=CLUSTER,
        check=_endpoint_closed,
        reference=f"{BEST_PRACTICES}iam.html",
    ),
    Rule(
        name="eks-private-endpoint",
        title="Nodes reach the API server without the internet",
        why="With only the public endpoint, nodes stop when NAT stops, and a CIDR list without NAT's address cuts them off.",
        fix="EksCluster sets endpoint_private_access; keep it on.",
        severity="high",
        types=CLUSTER,
        check=_private_endpoint,
    ),
    Rule(
        name="eks-secrets-encrypted",
        title="Kubernetes Secrets are encrypted with the platform's KMS key",
        why="Otherwise etcd and its backups contain them without that encryption.",
        fix='EksCluster passes encryption_config with its key and resources ["secrets"]; keep both.',
        severity="critical",
        types=CLUSTER,
        check=_secrets_encrypted,
        reference=f"{BEST_PRACTICES}data-encryption-and-secrets-management.html",
    ),
    Rule(
        name="eks-control-plane-logs",
        title="The control plane writes all of its logs",
        why="Without audit and authenticator logs, no one can find out later which user changed what.",
        fix="EksCluster's LOGS names all five; add what is missing.",
        severity="high",
        types=CLUSTER,
        check=_all_logs,
        reference=f"{BEST_PRACTICES}auditing-and-logging.html",
    ),
    Rule(
        name="eks-access-entries",
        title="Only access entries define the cluster's administrators",
        why="An edit of aws-auth would add an administrator that no stack file lists.",
        fix='Set authentication_mode to "API" and list the roles in cluster.admins.',
        severity="high",
        types=CLUSTER,
        check=_access_entries,
    ),
    Rule(
        name="eks-no-creator-admin",
        title="The creator of the cluster does not become its administrator",
        why="The creator's right is in no list and cannot be revoked.",
        fix="Set bootstrap_cluster_creator_admin_permissions to False and list the role in cluster.admins.",
        severity="high",
        types=CLUSTER,
        check=_no_creator_admin,
    ),
    Rule(
        name="eks-deletion-protected",
        title="A cluster that users depend on cannot be deleted by mistake",
        why="A wrong `destroy`, or a change that replaces the cluster, ends every service at once.",
        fix="Set inference-platform:safeguards.protect to true in the stack file.",
        severity="critical",
        types=CLUSTER,
        check=_protected,
        applies=lambda _cluster, settings: settings.protect_data,
    ),
    Rule(
        name="eks-standard-support",
        title="Kubernetes stays within standard support",
        why="Extended support costs six times as much per hour and hides that an upgrade is overdue.",
        fix='Set upgrade_policy.support_type to "STANDARD" and raise cluster.version in time.',
        severity="medium",
        types=CLUSTER,
        check=_standard_support,
        reference="https://docs.aws.amazon.com/eks/latest/APIReference/API_UpgradePolicyRequest.html",
    ),
    Rule(
        name="eks-addons-pinned",
        title="Every EKS add-on has a pinned version",
        why="EKS's default changes over time: dev would test another version than prod gets.",
        fix="Name the version in components/versions.py and components/aws/release.py.",
        severity="high",
        types=ADDON,
        check=_addon_pinned,
    ),
)
