"""Identity of a pod for the API server, with its few permissions."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import PROJECT, Component, labels

FORMER_OWNER = f"{PROJECT}:identity:Identity"
"""The component that owned these objects: a component costs a tenth of a model's preview, and they have an owner already. Existing objects
are kept."""


def identity(name: str, namespace: str, rules: Sequence[k8s.rbac.v1.PolicyRuleArgs], owner: Component) -> list[pulumi.Resource]:
    """Create a ServiceAccount of this name and, for its rules, a Role and a RoleBinding; return them. It is usable as soon as they exist.

    `rules` apply in `namespace` only; no identity of the platform has rights in the whole cluster. Without rules it has the default rights.
    """
    metadata = k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=labels(name, namespace))
    moved = pulumi.ResourceOptions(aliases=[pulumi.Alias(parent=pulumi.create_urn(name, FORMER_OWNER, owner))])
    account = k8s.core.v1.ServiceAccount(name, metadata=metadata, opts=pulumi.ResourceOptions.merge(owner.child(), moved))
    # The API server stores an empty list of rules as null, so every `up` would update a Role with one.
    if not rules:
        return [account]
    role = k8s.rbac.v1.Role(name, metadata=metadata, rules=rules, opts=pulumi.ResourceOptions.merge(owner.child(), moved))
    binding = k8s.rbac.v1.RoleBinding(
        name,
        metadata=metadata,
        role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=name),
        subjects=[k8s.rbac.v1.SubjectArgs(kind="ServiceAccount", name=name, namespace=namespace)],
        opts=pulumi.ResourceOptions.merge(owner.child([account, role]), moved),
    )
    return [account, role, binding]
