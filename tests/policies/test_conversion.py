"""A resource is converted once, however many rules ask, and never answered with another one's."""

from __future__ import annotations

from policies.conversion import remembering
from tests.policies.analyzer_harness import findings
from tests.policies.objects import container


def test_the_same_object_has_the_same_answer_and_another_one_its_own() -> None:
    remembered = remembering(lambda *arguments: [*arguments])
    resource, provider, equal = [1], [2], [1]
    answer = remembered(resource)
    assert remembered(provider) == [provider]
    assert remembered(resource) is answer
    assert remembered(equal) is not answer, "objects that are equal now may differ later"
    assert remembered(resource, True) == [resource, True]


def test_every_rule_reads_the_resource_that_it_is_asked_about() -> None:
    bad, good = container(image="registry.k8s.io/thing:latest"), container()
    found = findings([good, bad, good, bad], "dev")
    assert [finding.rule for finding in found if finding.rule.startswith("image")] == ["image-tag-fixed", "image-tag-fixed"]
