"""`python -m tests.emulators.iam_documents < documents.json`: prints a line for each finding of parliament, a linter of IAM policies.

The input is a list of pairs: a name and a policy document. Runs in the emulators' own folder of packages.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import parliament


def findings(document: str) -> Iterator[str]:
    """Findings with their detail: a wrong action, a condition that an action does not know, a resource that does not match."""
    policy = json.loads(document)
    trusts = [statement for statement in policy["Statement"] if "Principal" in statement and "Resource" not in statement]
    for statement in trusts:
        # The linter wants resources and knows no trust policy, whose resource is the role that it belongs to.
        statement["Resource"] = "arn:aws:iam::111122223333:role/this"
        del statement["Principal"]
    # The auditors ask whether a user gets too much: the credentials that a trust policy gives away are its purpose.
    for finding in parliament.analyze_policy_string(json.dumps(policy), include_community_auditors=not trusts).findings:
        yield f"{finding.issue}: {finding.detail}"


def main() -> None:
    for name, document in json.load(sys.stdin):
        for finding in findings(document):
            print(f"{name}: {finding}")


if __name__ == "__main__":
    main()
