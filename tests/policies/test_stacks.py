"""The committed stacks as they are recorded: they hold every rule, and every rule has something in them to look at."""

from __future__ import annotations

import functools

import pytest

from policies.rules.catalogue import RULES
from policies.rules.rule import Rule, StackRule
from policies.settings import ENVIRONMENTS
from tests import managed, stack_files
from tests.eks import KARPENTER
from tests.graph.recording import Graph, record
from tests.graph.stacks import local, local_with_smollm, recorded, stand_ins
from tests.policies.analyzer_harness import OWN_REGISTRY, Finding, Registered, findings, read


@functools.cache
def graph(stack: str) -> Graph:
    return local() if stack == "local" else recorded(stack)


@functools.cache
def with_a_bucket() -> Graph:
    """Prod with its models in S3, as docs/aws.md has it."""
    with stand_ins() as manifests:
        bucket = {"backend": "s3", "bucket": "models"}
        return record(stack_files.prod(modelStore=bucket, mirror={"manifests": str(manifests)}))


@functools.cache
def with_karpenter() -> Graph:
    """Prod with nodes that Karpenter starts."""
    with stand_ins() as manifests:
        return record(stack_files.prod(gpu={**KARPENTER, "nodes": {"max": 3}}, mirror={"manifests": str(manifests)}))


def registered(of: Graph) -> list[Registered]:
    return [Registered(resource.type, resource.name, resource.inputs, resource.protect) for resource in of]


def violations(of: Graph, stack: str) -> list[Finding]:
    return findings(registered(of), stack, configuration=OWN_REGISTRY)


def test_local_with_smollm_holds_every_rule_too() -> None:
    assert violations(local_with_smollm(), "local") == []


def test_a_store_in_s3_holds_every_rule_too() -> None:
    assert violations(with_a_bucket(), "prod") == []


def test_managed_endpoints_hold_every_rule_of_dev_but_for_the_prices_that_the_file_lacks() -> None:
    found = violations(managed.recorded(), "dev")
    assert {finding.rule for finding in found} == {"every-price-known"}
    assert [finding for finding in found if "EndpointConfiguration digits" in finding.message] == [], "serverless has no price by the hour"


def test_production_isolates_models_and_wants_digests_of_their_images() -> None:
    found = violations(managed.recorded(), "prod")
    names = [
        (finding.rule, resource.name)
        for finding in found
        for resource in managed.recorded().of_kind("Model")
        if f" {resource.name}: " in finding.message
    ]
    assert sorted(set(names)) == [("endpoint-model-isolated", "digits-AllTraffic"), ("image-digest", "prices-v2")]


@pytest.mark.slow
def test_nodes_of_karpenter_hold_every_rule_too() -> None:
    assert violations(with_karpenter(), "prod") == []


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_a_committed_stack_holds_every_rule(stack: str) -> None:
    assert violations(graph(stack), stack) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_looks_at_something_of_dev_or_prod(rule: Rule | StackRule) -> None:
    assert any(
        rule.matches(resource) if isinstance(rule, StackRule) else rule.matches(resource, ENVIRONMENTS[stack])
        for stack, of in (
            ("dev", graph("dev")),
            ("prod", graph("prod")),
            *(("prod", graph) for graph in (with_a_bucket(), with_karpenter(), managed.recorded())),
        )
        for resource in map(read, registered(of))
    )
