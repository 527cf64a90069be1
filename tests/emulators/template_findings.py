"""`python -m tests.emulators.template_findings REGION < graphs.json`: prints what cfn-lint finds in each graph, as a list of lists.

Runs in the emulators' own folder of packages.
"""

from __future__ import annotations

import json
import sys

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from tests.emulators.template import Resource, template

WITHOUT_MEANING = ["W3010"]
"""A stack file names its zones: nothing but a template for any region would ask AWS for them."""


def findings(graph: list[Resource], region: str) -> list[str]:
    options = ManualArgs(regions=[region], ignore_checks=WITHOUT_MEANING)
    found = lint(json.dumps(template(graph)), config=options)
    return [f"{match.rule.id} {'.'.join(map(str, match.path or []))}: {match.message}" for match in found]


def main() -> None:
    (region,) = sys.argv[1:]
    json.dump([findings(graph, region) for graph in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
