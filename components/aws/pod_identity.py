"""EKS Pod Identity: a role that pods of an associated service account have, without a key anywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base import Component

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                # TagSession: the agent names cluster, namespace and account of the pod in the session, for audit and conditions.
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }
        ],
    }
)
"""Who may take such a role: EKS, for the accounts associated with it. Associating needs `iam:PassRole`, which is the guard."""


def pod_identity_role(
    name: str, physical_name: str, statements: Sequence[dict[str, Any]], owner: Component
) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
    """A role with exactly these statements. Whoever uses it waits for both: a role without its policy may nothing."""
    role = aws.iam.Role(name, name=physical_name, assume_role_policy=TRUST, opts=owner.child())
    policy = aws.iam.RolePolicy(name, name=physical_name, role=role.name, policy=policy_document(statements), opts=owner.child())
    return role, policy


def policy_document(statements: Sequence[dict[str, Any]]) -> pulumi.Output[str]:
    """Statements may hold Outputs, such as the ARN of a key that does not exist yet."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})
