"""IAM policy documents: permissions for actions on resources.

A document is plain text, known before anything is created, so that policy rules can read it in a preview. It names resources by the
names that this program gives them; conditions stand for values that AWS generates, such as account numbers and key ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Statement = Mapping[str, object]
Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]
"""Operator → key → value, such as `{"StringEquals": {"aws:SourceAccount": …}}`."""

MANAGED_POLICIES = "arn:aws:iam::aws:policy"
"""Policies that AWS maintains. Commercial partition only: China and GovCloud have other ARNs, endpoints and image registries."""

OWN_ACCOUNT: Conditions = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
"""Limits an ARN without an account number to the caller's account.

AWS does the same in its own policies, such as AWSIoTManagedIntegrationsRolePolicy for a log group.
"""

FOR_OWN_ACCOUNT: Conditions = {"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}
"""A service may take the role only for resources of the role's own account (this prevents the confused deputy problem).

AWS itself compares these two keys to leave out the account number
(docs.aws.amazon.com/singlesignon/latest/userguide/baseline-KMS-key-policy.html).
"""


def allow(actions: Sequence[str], resources: Sequence[str], when: Conditions | None = None) -> Statement:
    statement: dict[str, object] = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**statement, "Condition": when} if when else statement


def allow_key(actions: Sequence[str], region: str, alias: str, when: Conditions | None = None) -> Statement:
    """Allow actions on the key with this alias. It may take minutes until KMS accepts a new alias.

    Any principal that may set aliases controls which key it is (docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html).
    """
    conditions = {**OWN_ACCOUNT, "ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}, **(when or {})}
    return allow(actions, [f"arn:aws:kms:{region}:*:key/*"], conditions)


def deny_plain_text(actions: str, resources: str | Sequence[str]) -> Statement:
    """Deny everybody a connection without TLS, in the policy of a resource."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, actions: Sequence[str] = ("sts:AssumeRole",), when: Conditions | None = None) -> str:
    """Trust policy that lets an AWS service take the role."""
    statement: dict[str, object] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    return document({**statement, "Condition": when} if when else statement)


def trust_pods() -> str:
    """Trust policy for Pod Identity: an association of cluster, namespace and service account lets a pod take the role, without keys or an
    OIDC provider.
    """
    return trust("pods.eks.amazonaws.com", ("sts:AssumeRole", "sts:TagSession"))
