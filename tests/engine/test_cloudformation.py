"""dev and prod as CloudFormation templates, read by a linter that knows the schema of each resource and the values that AWS takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.emulators.run import output
from tests.engine.test_aws_emulators import REGION, resources
from tests.graph.planted import MISTAKES, Mistake
from tests.graph.stacks import recorded

pytestmark = pytest.mark.engine

EXAMPLES = {
    "VPC with host bits": "is not a 'ipv4-network'",
    "tenancy that does not exist": "'shared' is not one of ['dedicated', 'default', 'host']",
    "misspelt argument": "Did you mean 'DeletionProtection'?",
    "log retention of 8 days": "8 is not one of",
}


def findings(packages: dict[str, str], *graphs: list[dict[str, Any]]) -> list[list[str]]:
    found: list[list[str]] = json.loads(output(packages, "template_findings", graphs, REGION))
    return found


def planted(mistake: Mistake) -> list[dict[str, Any]]:
    wrong = recorded("prod").one(mistake.key)
    there = resources(recorded("prod"))
    found = next(each for each in there if (each["type"], each["name"]) == (wrong.type, wrong.name))
    found["inputs"] = mistake.plant(found["inputs"])
    return there


def test_the_linter_finds_nothing_in_dev_and_prod(packages: dict[str, str]) -> None:
    assert findings(packages, *(resources(recorded(stack)) for stack in ("dev", "prod"))) == [[], []]


def test_the_linter_finds_planted_mistakes(packages: dict[str, str]) -> None:
    mistakes = [mistake for mistake in MISTAKES if mistake.words in EXAMPLES]
    found = findings(packages, *map(planted, mistakes))
    for mistake, (first, *_) in zip(mistakes, found, strict=True):
        assert EXAMPLES[mistake.words] in first
