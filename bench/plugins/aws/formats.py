"""Values with the same format in every service: ARNs and policy documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bench.plugins.aws.check import Leaf, Problem

_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|[a-z-]*):.+")
_ARN_ARGUMENT = re.compile(r"([aA]rn|Arns\[\])$")

_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z*?]+[a-zA-Z0-9*?]*")

_POLICIES = {
    ("aws:iam/policy:Policy", "policy"),
    ("aws:iam/role:Role", "assumeRolePolicy"),
    ("aws:iam/role:Role", "inlinePolicies[].policy"),
    ("aws:iam/rolePolicy:RolePolicy", "policy"),
    ("aws:kms/key:Key", "policy"),
    ("aws:s3/bucketPolicy:BucketPolicy", "policy"),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "policy"),
}
"""Arguments that contain a policy document as text."""


def problems(token: str, leaf: Leaf) -> Iterator[Problem]:
    if not isinstance(leaf.value, str) or not leaf.value:
        return
    if _ARN_ARGUMENT.search(leaf.wire) and not _ARN.fullmatch(leaf.value):
        yield Problem(leaf.path, f"{leaf.shown} is not an ARN (arn:aws:service:region:account:resource)")
    if (token, leaf.wire) in _POLICIES:
        yield from (Problem(leaf.path, reason) for reason in _policy(leaf.value))


def _policy(text: str) -> Iterator[str]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        yield f"the policy is not valid JSON: {error}"
        return
    statements = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        yield 'the policy has no "Statement"'
        return
    if document.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
        yield f'"Version" of the policy is {json.dumps(document["Version"])}, not "2012-10-17"'
    for index, statement in enumerate(statements):
        yield from _actions(index, statement)
        if statement.get("Effect") not in ("Allow", "Deny"):
            yield f'"Effect" of the policy\'s statement {index} is neither "Allow" nor "Deny"'
        if not {"Action", "NotAction"} & statement.keys():
            yield f'the policy\'s statement {index} has neither "Action" nor "NotAction"'


def _actions(index: int, statement: dict[str, object]) -> Iterator[str]:
    for key in ("Action", "NotAction"):
        found = statement.get(key, [])
        for action in found if isinstance(found, list) else [found]:
            if not _ACTION.fullmatch(str(action)):
                yield f"{json.dumps(action)} of the policy's statement {index} is not an action, such as s3:GetObject"
