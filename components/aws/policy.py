"""IAM policy documents: who may do what to which resources.

A document is plain text, known before anything is made, so that the policies of a preview can read it: it names resources by the names that
we give them. What AWS makes up, account numbers and the ids of keys, stands in it as a condition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Statement = Mapping[str, object]
Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]
"""Operator → key → value, such as `{"StringEquals": {"aws:SourceAccount": …}}`."""

MANAGED_POLICIES = "arn:aws:iam::aws:policy"
"""Policies that AWS keeps. The commercial partition only: China and GovCloud have ARNs, endpoints and image registries of their own."""

OWN_ACCOUNT: Conditions = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
"""For an ARN without an account number: it is the account of whoever asks.

As in AWS' own policies, such as AWSIoTManagedIntegrationsRolePolicy's for a log group.
"""

FOR_OWN_ACCOUNT: Conditions = {"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}
"""A service takes the role for what is in the role's own account, whoever asks the service (the confused deputy problem).

Comparing the two keys is AWS' own way to leave the number out
(docs.aws.amazon.com/singlesignon/latest/userguide/baseline-KMS-key-policy.html).
"""


def allow(actions: Sequence[str], resources: Sequence[str], when: Conditions | None = None) -> Statement:
    statement: dict[str, object] = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**statement, "Condition": when} if when else statement


def allow_key(actions: Sequence[str], region: str, alias: str) -> Statement:
    """For the key that has this alias; it may take minutes until KMS goes by an alias that is new.

    Who may give aliases decides what the key is (docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html).
    """
    return allow(actions, [f"arn:aws:kms:{region}:*:key/*"], {**OWN_ACCOUNT, "ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}})


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, actions: Sequence[str] = ("sts:AssumeRole",), when: Conditions | None = None) -> str:
    """Which AWS service may take the role."""
    statement: dict[str, object] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    return document({**statement, "Condition": when} if when else statement)


def trust_pods() -> str:
    """Pod Identity: a pod takes the role by an association of cluster, namespace and service account; no key, no OIDC provider."""
    return trust("pods.eks.amazonaws.com", ("sts:AssumeRole", "sts:TagSession"))
