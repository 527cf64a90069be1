"""A resource is converted once, however many rules ask, and never answered with another one's."""

from __future__ import annotations

from policies.conversion import remembering_last
from tests.policies.analyzer_harness import findings
from tests.policies.objects import container


def test_the_same_object_has_the_same_answer_and_another_one_its_own() -> None:
    remembered = remembering_last(lambda *arguments: [*arguments])
    first, equal = [1], [1]
    answer = remembered(first)
    assert remembered(first) is answer
    assert remembered(equal) is not answer, "objects that are equal now may differ later"
    assert remembered(first, True) == [first, True]


def test_every_rule_reads_the_resource_that_it_is_asked_about() -> None:
    bad, good = container(image="registry.k8s.io/thing:latest"), container()
    found = findings([good, bad, good, bad], "dev")
    assert [finding.rule for finding in found if finding.rule.startswith("image")] == ["image-tag-fixed", "image-tag-fixed"]
