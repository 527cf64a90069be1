"""IAM documents and keys.

A document that names a resource that is not made yet is one unknown text in a preview. `pulumi up` runs the same rules again with the text
known, before it makes the document; the tests run them over the recorded stacks, in which everything is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.rules.resource import UNKNOWN, Resource
from policies.rules.rule import Rule
from policies.settings import Settings

RIGHTS = ("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy")
ROLE = "aws:iam/role:Role"
KEY = "aws:kms/key:Key"
RESOURCE_POLICIES = ("aws:s3/bucketPolicy:BucketPolicy", "aws:kms/keyPolicy:KeyPolicy", "aws:sqs/queuePolicy:QueuePolicy", KEY)


def _documents(resource: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key in ("policy", "assumeRolePolicy"):
        text = resource.get(key)
        if text is not None:
            yield key, json.loads(text) if isinstance(text, str) else text


def _known(resource: Resource, _settings: Settings) -> bool:
    """See the module's docstring."""
    return UNKNOWN not in (resource.properties.get("policy"), resource.properties.get("assumeRolePolicy"))


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
            yield f"{place} allows all but what it names"
        for action in _listed(statement.get("Action")):
            everything = "*" in _listed(statement.get("Resource"))
            if action == "*" or (everything and action.endswith(":*")):
                yield f"{place} allows {action} on {'everything' if everything else 'whatever it names'}"


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
        why="Whoever gets hold of a pod of such a role has the account.",
        fix="Name the actions that are called and the resources they are called on (components/aws/policy.py, `allow`).",
        severity="critical",
        types=RIGHTS,
        check=_bounded,
        applies=_known,
    ),
    Rule(
        name="iam-named-principals",
        title="Roles, buckets and keys are for named principals",
        why='A document for "*" is for every account on AWS.',
        fix="Name the service or the role (components/aws/policy.py, `trust`, `trust_pods`).",
        severity="critical",
        types=(ROLE, *RESOURCE_POLICIES),
        check=_named_principals,
        applies=_known,
    ),
    Rule(
        name="kms-keys-rotated",
        title="Every KMS key is rotated by AWS",
        why="Data of years under one key is lost to whoever gets that key once.",
        fix="Pass enable_key_rotation=True to the key.",
        severity="medium",
        types=(KEY,),
        check=_rotated,
    ),
)
