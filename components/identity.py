"""Identity of a pod for the API server, with its few permissions."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import Args, Component, labels


class IdentityArgs(Args):
    """`rules` apply in `namespace` only; no identity of the platform has rights in the whole cluster. Without rules it has the default
    rights.
    """

    namespace: str
    rules: Sequence[k8s.rbac.v1.PolicyRuleArgs] = ()


class Identity(Component):
    """Owns a ServiceAccount and, for its rules, a Role and a RoleBinding, all with the component's name. Usable as soon as they exist."""

    def __init__(
        self,
        name: str,
        args: IdentityArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        metadata = k8s.meta.v1.ObjectMetaArgs(name=name, namespace=args.namespace, labels=labels(name, args.namespace))
        account = k8s.core.v1.ServiceAccount(name, metadata=metadata, opts=self.child())
        # The API server stores an empty list of rules as null, so every `up` would update a Role with one.
        if args.rules:
            role = k8s.rbac.v1.Role(name, metadata=metadata, rules=args.rules, opts=self.child())
            k8s.rbac.v1.RoleBinding(
                name,
                metadata=metadata,
                role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=name),
                subjects=[k8s.rbac.v1.SubjectArgs(kind="ServiceAccount", name=name, namespace=args.namespace)],
                opts=self.child([account, role]),
            )
        self.account = name
        self.register_outputs({"account": name})
