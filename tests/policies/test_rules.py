"""Every rule over Kubernetes and serving, asked as the engine asks: what passes, what is refused, and what it does not know."""

from __future__ import annotations

import pytest

from policies.rules import kubernetes, serving
from policies.rules.pods import INFERENCE_SERVICE
from policies.rules.rule import Rule, StackRule
from tests.policies.analyzer_harness import Registered, findings, secret
from tests.policies.cases import CASES
from tests.policies.objects import config_map, container, release

RULES: dict[str, Rule | StackRule] = {rule.name: rule for rule in (*kubernetes.RULES, *serving.RULES)}
PASSING = [(name, list(resources)) for name, cases in CASES.items() for resources in cases.passing]
REFUSED = [(name, list(resources), words) for name, cases in CASES.items() for words, resources in cases.refused.items()]
UNKNOWN = [(name, list(cases.unknown)) for name, cases in CASES.items() if cases.unknown]
READ_NO_PROPERTY = {"definitions-protected", "data-protected"}


def messages(rule: str, resources: list[Registered], stack: str = "prod") -> list[str]:
    return [finding.message for finding in findings(resources, stack, [RULES[rule]])]


def test_every_rule_has_cases() -> None:
    assert set(CASES) == set(RULES)
    assert all(cases.passing and cases.refused for cases in CASES.values())
    assert {name for name, cases in CASES.items() if not cases.unknown} == READ_NO_PROPERTY


@pytest.mark.parametrize(("rule", "resources"), PASSING)
def test_what_is_right_passes(rule: str, resources: list[Registered]) -> None:
    assert messages(rule, resources) == []


@pytest.mark.parametrize(("rule", "resources", "words"), REFUSED)
def test_what_is_wrong_is_refused_by_name_with_the_fix(rule: str, resources: list[Registered], words: str) -> None:
    found = messages(rule, resources)
    assert len(found) == 1, found
    assert words in found[0]
    assert resources[-1].name in found[0] or resources[0].name in found[0]
    assert RULES[rule].fix in found[0]


@pytest.mark.parametrize(("rule", "resources"), UNKNOWN)
def test_what_a_preview_does_not_know_is_refused(rule: str, resources: list[Registered]) -> None:
    found = messages(rule, resources)
    assert len(found) == 1, found
    assert "could not evaluate: " in found[0]
    assert "is not known in a preview" in found[0]


@pytest.mark.parametrize(
    ("rule", "resource"),
    [
        ("env-no-secret", container(env=[{"name": "PASSWORD", "value": secret("hunter2")}])),
        ("configuration-no-secret", config_map(password=secret("hunter2"))),
        ("configuration-no-secret", release({"password": secret("hunter2")})),
    ],
)
def test_a_secret_is_found_but_never_printed(rule: str, resource: Registered) -> None:
    found = messages(rule, [resource])
    assert len(found) == 1
    assert "hunter2" not in found[0]


def test_environments_differ_in_what_they_demand() -> None:
    resource = container(image="evil.example/thing:1")
    asked = ["image-digest", "image-registry"]
    refused = {stack: [rule for rule in asked if messages(rule, [resource], stack)] for stack in ("local", "dev", "prod", "new")}
    assert refused == {"local": [], "dev": ["image-registry"], "prod": asked, "new": asked}


def test_an_inference_service_that_holds_its_container_is_judged_like_a_pod() -> None:
    """A model whose image brings everything has no runtime that another object of the plan would show."""
    secure = {"runAsNonRoot": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    server = {"name": "kserve-container", "image": "corp.example/thing:1"}
    rules = ("container-no-escalation", "container-no-capabilities")
    for security, refused in ((secure, []), ({}, list(rules))):
        predictor = {"containers": [{**server, "securityContext": security}]}
        resource = Registered(INFERENCE_SERVICE, "thing", {"metadata": {"name": "thing"}, "spec": {"predictor": predictor}})
        assert [rule for rule in rules if messages(rule, [resource])] == refused


def test_registries_are_added_by_configuration() -> None:
    resource = container(image="corp.example/thing:1")
    rule = [RULES["image-registry"]]
    assert findings([resource], "dev", rule)
    assert not findings([resource], "dev", rule, configuration={"image-registry": {"registries": ["corp.example/"]}})
