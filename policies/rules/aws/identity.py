"""IAM documents and keys.

A document that depends on a resource is one unknown text in a preview, and is refused; components/aws/policy.py builds documents
from known values. In a document given as an object, a part may be unknown if it cannot matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.rules.resource import Resource
from policies.rules.rule import Rule
from policies.settings import Settings

RIGHTS = ("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy")
ROLE = "aws:iam/role:Role"
KEY = "aws:kms/key:Key"
WITH_RIGHTS = (*RIGHTS, ROLE)
RESOURCE_POLICIES = ("aws:s3/bucketPolicy:BucketPolicy", "aws:kms/keyPolicy:KeyPolicy", "aws:sqs/queuePolicy:QueuePolicy", KEY)


def _documents(resource: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key in ("policy", "assumeRolePolicy"):
        text = resource.get(key)
        if text is not None:
            yield key, _parsed(text)
    for position, inline in enumerate(resource.get("inlinePolicies", [])):
        yield f"inlinePolicies[{position}]", _parsed(inline["policy"])


def _parsed(document: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(json.loads(document)) if isinstance(document, str) else document


def _allowed(resource: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, document in _documents(resource):
        for index, statement in enumerate(_listed(document.get("Statement"))):
            if statement.get("Effect") == "Allow":
                yield f"{key}: statement {index}", statement


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - IAM takes one, or a list of them
    if value is None:
        return []
    return [value] if isinstance(value, str | Mapping) else list(value)


def _bounded(resource: Resource, _settings: Settings) -> Iterator[str]:
    for place, statement in _allowed(resource):
        if "NotAction" in statement or "NotResource" in statement:
            yield f"{place} allows everything except the named items"
        for action in _listed(statement.get("Action")):
            if action == "*":
                yield f"{place} allows * on whatever it names"
            elif action.endswith(":*") and "*" in _listed(statement.get("Resource")):
                yield f"{place} allows {action} on everything"


def _named_principals(resource: Resource, _settings: Settings) -> Iterator[str]:
    for place, statement in _allowed(resource):
        principal = statement.get("Principal", {})
        named = [name for names in principal.values() for name in _listed(names)] if isinstance(principal, Mapping) else [principal]
        if "*" in named or "NotPrincipal" in statement:
            yield f"{place} is for everybody on AWS"


def _rotated(key: Resource, _settings: Settings) -> Iterator[str]:
    if key.get("enableKeyRotation", False) is not True:
        yield "enableKeyRotation is off"


RULES: tuple[Rule, ...] = (
    Rule(
        name="iam-no-star",
        title="No role may do everything",
        why="Anyone who breaks into a pod with such a role has the whole account.",
        fix="Name the required actions and their resources (components/aws/policy.py, `allow`).",
        severity="critical",
        types=WITH_RIGHTS,
        check=_bounded,
    ),
    Rule(
        name="iam-named-principals",
        title="Roles, buckets and keys name their principals",
        why='A document for "*" admits every account on AWS.',
        fix="Name the service or the role (components/aws/policy.py, `trust`, `trust_pods`).",
        severity="critical",
        types=(ROLE, *RESOURCE_POLICIES),
        check=_named_principals,
    ),
    Rule(
        name="kms-keys-rotated",
        title="AWS rotates every KMS key",
        why="Without rotation, one leaked key exposes the data of years.",
        fix="Pass enable_key_rotation=True to the key.",
        severity="medium",
        types=(KEY,),
        check=_rotated,
    ),
)
