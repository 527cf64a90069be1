"""The page about the rules is in step with them."""

from __future__ import annotations

import re

import pytest

from components import versions
from components.artifacts import Image
from policies.document import DOCUMENT, document
from policies.rules.catalogue import RULES
from policies.rules.rule import Rule, StackRule
from policies.settings import PROD
from tests.structure.project import ROOT

NAMES = [rule.name for rule in RULES]


def test_the_document_is_what_the_rules_say() -> None:
    assert DOCUMENT.read_text() == document(), "run `make schema`"


def test_names_are_unique_and_kebab_case() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", name) for name in NAMES)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_says_what_why_and_what_to_do(rule: Rule | StackRule) -> None:
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.fix.endswith(".")
    assert rule.reference is None or rule.reference.startswith("https://")


def test_rules_know_nothing_of_pulumi() -> None:
    for file in (ROOT / "policies" / "rules").glob("*.py"):
        assert not re.search(r"^(import|from) pulumi", file.read_text(), re.MULTILINE), file


def test_registries_are_those_of_the_pins_and_of_knatives_manifest() -> None:
    pins = [pin.repository for pin in vars(versions).values() if isinstance(pin, Image)]
    assert all(pin.startswith(PROD.registries) for pin in pins)
    unused = {registry for registry in PROD.registries if not any(pin.startswith(registry) for pin in pins)}
    assert unused == {"gcr.io/knative-releases/"}
