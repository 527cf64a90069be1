"""Machines and volumes: protected credentials, encrypted disks, and owner tags."""

from __future__ import annotations

from collections.abc import Iterator

from policies.node_pools import NODE_CLASS, NODE_GROUP, TEMPLATE, machine
from policies.rules.aws.network import REQUIRED_TAGS
from policies.rules.resource import Resource, value_at
from policies.rules.rule import Rule
from policies.settings import Settings

MACHINES = (TEMPLATE, NODE_CLASS)
STORAGE_CLASS = ("kubernetes:storage.k8s.io/v1:StorageClass",)
TAGGED = ("instance", "volume", "network-interface")


def _own_credentials(template: Resource, _settings: Settings) -> Iterator[str]:
    options = value_at(machine(template), "metadataOptions", {})
    if value_at(options, "httpTokens") != "required":
        yield "metadataOptions.httpTokens is not required: one request that a server can be tricked into reads the node's credentials"
    hops = value_at(options, "httpPutResponseHopLimit")
    if hops != 1:
        found = "missing" if hops is None else int(hops)
        yield f"metadataOptions.httpPutResponseHopLimit is {found}, not 1: every pod reads the node's credentials"


def _disks(template: Resource, _settings: Settings) -> Iterator[str]:
    disks = value_at(machine(template), "blockDeviceMappings", [])
    if not disks:
        yield "blockDeviceMappings is empty: the disk is as the image has it, not encrypted"
    for disk in disks:
        name = value_at(disk, "deviceName", "a disk")
        if str(value_at(disk, "ebs.encrypted", "false")).lower() != "true":
            yield f"{name} is not encrypted"
        if (kind := value_at(disk, "ebs.volumeType")) != "gp3":
            yield f"{name} is {kind or 'of the default type'}, not gp3: slower and dearer"


def _tags(template: Resource, _settings: Settings) -> Iterator[str]:
    if template.type == NODE_CLASS:  # Karpenter puts the same tags on all three
        tags = dict.fromkeys(TAGGED, template.get("spec.tags", {}))
    else:
        tags = {value_at(entry, "resourceType"): value_at(entry, "tags", {}) for entry in template.get("tagSpecifications", [])}
    for kind in TAGGED:
        if missing := [key for key in REQUIRED_TAGS if not tags.get(kind, {}).get(key)]:
            yield f"{kind} lacks the tags {', '.join(missing)}: the bill does not show the owner"


def _no_way_in(group: Resource, _settings: Settings) -> Iterator[str]:
    if "remoteAccess" in group.props:
        yield "remoteAccess opens SSH on its nodes"
    if "launchTemplate" not in group.props:
        yield "has no launchTemplate: EKS' default leaves disks unencrypted and credentials within reach of pods"


def _storage_class(storage: Resource, _settings: Settings) -> Iterator[str]:
    if storage.get("parameters.encrypted") != "true":
        yield 'parameters.encrypted is not "true": volumes of databases and models lie there in the clear'
    if (kind := storage.get("parameters.type", "gp2")) != "gp3":
        yield f"parameters.type is {kind}, not gp3: slower and dearer"


RULES: tuple[Rule, ...] = (
    Rule(
        name="node-credentials-kept",
        title="Pods cannot read the credentials of their node",
        why="The node's role may pull every image and describe the account; pods have their own roles by Pod Identity.",
        fix="NodePool and KarpenterNodePool require tokens and set the hop limit to 1; keep both.",
        severity="critical",
        types=MACHINES,
        check=_own_credentials,
        reference="https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    ),
    Rule(
        name="node-disks-encrypted",
        title="The disks of nodes are encrypted gp3",
        why="They and their snapshots contain images, model weights and the pods' emptyDir files.",
        fix="NodePool and KarpenterNodePool encrypt every disk and make it gp3; keep both.",
        severity="high",
        types=MACHINES,
        check=_disks,
    ),
    Rule(
        name="nodes-tagged",
        title="Instances, disks and network interfaces of nodes have owner tags",
        why="The provider's default tags do not reach resources of a launch template, and nodes are most of the bill.",
        fix="NodePool and KarpenterNodePool pass Membership.tags; keep them.",
        severity="medium",
        types=MACHINES,
        check=_tags,
    ),
    Rule(
        name="nodes-without-ssh",
        title="Session Manager is the only access to a node",
        why="An SSH key is shared, never expires and leaves no record.",
        fix="Use NodePool, which has a launch template and no remote_access.",
        severity="high",
        types=(NODE_GROUP,),
        check=_no_way_in,
    ),
    Rule(
        name="storage-class-encrypted",
        title="Volumes that pods claim are encrypted gp3",
        why="Otherwise anyone with the disk or a snapshot of it can read the data.",
        fix='StorageClass passes type gp3 and encrypted "true"; keep both.',
        severity="high",
        types=STORAGE_CLASS,
        check=_storage_class,
        applies=lambda storage, _settings: storage.get("provisioner") == "ebs.csi.aws.com",
    ),
)
