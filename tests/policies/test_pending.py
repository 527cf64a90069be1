"""An unbuilt image, or a digest that is still to be looked up, is no violation in a preview; every other image is held to the rules."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
import pytest

from components import versions
from components.artifacts import NOT_BUILT
from components.lock import Lock, committed
from policies import pending as module
from policies.pending import CONFIGURATION, NOTHING_PENDING, Pending, pending
from policies.settings import settings_with
from tests import stack_files
from tests.graph.recording import Graph, record
from tests.graph.stacks import stand_ins
from tests.policies.analyzer_harness import OWN_REGISTRY, Finding, Registered, findings
from tests.policies.objects import container
from tests.release_manifests import write

SERVING = "gcr.io/knative-releases/knative.dev/serving/cmd/queue:v1.21.1"
CONTROLLER = versions.KSERVE_CONTROLLER.reference


def environment(**sections: Any) -> dict[str, str]:  # noqa: ANN401 - any YAML
    """Start the pack as the engine does."""
    return {CONFIGURATION: json.dumps({f"inference-platform:{key}": json.dumps(value) for key, value in sections.items()})}


@pytest.fixture(autouse=True)
def _nothing_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "committed", Lock)


@functools.cache
def clean_clone(stack: str) -> Graph:
    """The committed stack file as it is, in a preview, with the committed lock file."""
    with tempfile.TemporaryDirectory() as folder, patch.object(pulumi.runtime, "is_dry_run", return_value=True):
        return record({**stack_files.committed(stack), "mirror": {"manifests": str(write(Path(folder)))}})


def refused(*resources: Registered, known: Pending, stack: str = "prod") -> list[Finding]:
    return findings(resources, stack, settings_of=settings_with(known), configuration=OWN_REGISTRY)


@pytest.mark.slow
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_clean_clone_holds_every_rule(stack: str) -> None:
    resources = [Registered(each.type, each.name, each.inputs, each.protect) for each in clean_clone(stack)]
    assert any(NOT_BUILT in json.dumps(each.inputs) for each in resources)
    assert refused(*resources, known=pending(environment(**stack_files.committed(stack))), stack=stack) == []


def test_without_the_programs_own_refusal_each_missing_digest_is_a_violation() -> None:
    resources = [Registered(each.type, each.name, each.inputs, each.protect) for each in clean_clone("prod")]
    optional = pending(environment(safeguards={"digests": "optional"}))
    found = refused(*resources, known=optional)
    assert optional == NOTHING_PENDING
    assert {finding.rule for finding in found} == {"image-digest"}
    assert any(CONTROLLER in finding.message for finding in found)
    assert not any(NOT_BUILT in finding.message for finding in found)


@pytest.mark.parametrize(
    ("image", "rules"),
    [
        (f"{NOT_BUILT}/iris-serving:none", []),
        (CONTROLLER, []),
        (SERVING, []),
        (f"{CONTROLLER}.1", ["image-digest"]),
        ("docker.io/kserve/other:1", ["image-digest"]),
        ("evil.example/thing:1", ["image-digest", "image-registry"]),
        (f"evil.example/{CONTROLLER}", ["image-digest", "image-registry"]),
        (f"{NOT_BUILT}.evil.example/iris:1", ["image-digest", "image-registry"]),
    ],
)
def test_only_pins_without_a_digest_are_passed_over(image: str, rules: list[str]) -> None:
    known = pending(environment(safeguards={"digests": "required"}))
    found = [finding.rule for finding in refused(container(image=image), known=known)]
    assert [rule for rule in found if rule.startswith("image-")] == rules


def test_a_pin_is_known_by_the_name_that_the_mirror_gives_it() -> None:
    mirror = {"registry": "corp.example", "images": {"gcr.io/": "gcr.corp.example/"}}
    known = pending(environment(safeguards={"digests": "required"}, mirror=mirror))
    assert f"corp.example/{CONTROLLER}" in known
    assert SERVING.replace("gcr.io/", "gcr.corp.example/") in known
    assert CONTROLLER not in known
    assert SERVING not in known


def test_with_a_complete_lock_nothing_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_ins():
        lock = committed()
    monkeypatch.setattr(module, "committed", lambda: lock)
    assert pending(environment(safeguards={"digests": "required"})) == NOTHING_PENDING


def test_without_a_configuration_nothing_is_passed_over() -> None:
    assert pending({}) == pending(environment()) == NOTHING_PENDING
