"""IAM policy documents: who may do what to which resources, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

Statement = Mapping[str, object]
Conditions = Mapping[str, Mapping[str, pulumi.Input[str]]]
"""Operator → key → value, such as `{"StringEquals": {"aws:SourceAccount": …}}`."""

MANAGED_POLICIES = "arn:aws:iam::aws:policy"
"""Policies that AWS keeps. The commercial partition only: China and GovCloud have ARNs, endpoints and image registries of their own."""


def allow(actions: Sequence[str], resources: Sequence[pulumi.Input[str]], when: Conditions | None = None) -> Statement:
    statement: dict[str, object] = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**statement, "Condition": when} if when else statement


def document(*statements: Statement) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, actions: Sequence[str] = ("sts:AssumeRole",), when: Conditions | None = None) -> pulumi.Output[str]:
    """Which AWS service may take the role."""
    statement: dict[str, object] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    return document({**statement, "Condition": when} if when else statement)


def trust_pods() -> pulumi.Output[str]:
    """Pod Identity: a pod takes the role by an association of cluster, namespace and service account; no key, no OIDC provider."""
    return trust("pods.eks.amazonaws.com", ("sts:AssumeRole", "sts:TagSession"))
