"""An IAM role with all its permissions."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws import iam
from pydantic import Field

from components.aws.policy import MANAGED_POLICIES
from components.base import Args, Component


class RoleArgs(Args):
    """`trust`: document that says which principal may take the role. `managed`: AWS's own policies, by name and by
    the path before it, such as `service-role/AmazonEBSCSIDriverPolicy`. `inline`: documents by name.

    IAM is global, so `name` must distinguish clusters of several regions.
    """

    name: str = Field(max_length=64)
    trust: str
    managed: list[str] = Field(default_factory=list)
    inline: dict[str, str] = Field(default_factory=dict)


class Role(Component):
    """Owns an IAM role and its policies. Usable with all of its policies, so dependants wait for the whole component."""

    arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: RoleArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        role = iam.Role(name, name=args.name, assume_role_policy=args.trust, opts=self.child())
        for policy in args.managed:
            iam.RolePolicyAttachment(
                f"{name}-{policy.rpartition('/')[2].lower()}", role=role.name, policy_arn=f"{MANAGED_POLICIES}/{policy}", opts=self.child()
            )
        for policy, document in args.inline.items():
            iam.RolePolicy(f"{name}-{policy}", name=policy, role=role.name, policy=document, opts=self.child())
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})
