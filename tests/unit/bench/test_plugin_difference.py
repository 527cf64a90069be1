"""Differences that count as a change, those that replace, and how they are shown."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.provider import PropertyDiffKind

from bench.plugins.kubernetes.config import ProviderConfig
from bench.plugins.kubernetes.difference import diff_response, differences
from bench.plugins.kubernetes.immutable import immutable_paths, is_under
from bench.plugins.kubernetes.ownership import adoption, keep_ignored, merge_patch
from bench.plugins.kubernetes.tokens import Gvk

SCALARS = st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
KEYS = st.sampled_from(["a", "b", "app.kubernetes.io/name", "c-d"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


def _patched(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396, section 2."""
    result = copy.deepcopy(document)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            inner = result.get(name)
            result[name] = _patched(inner if isinstance(inner, dict) else {}, value)
        else:
            result[name] = value
    return result


@given(DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    assert differences(document, copy.deepcopy(document)) == {}
    assert merge_patch(document, copy.deepcopy(document)) == {}


@given(DOCUMENTS, DOCUMENTS)
def test_a_merge_patch_leads_from_the_old_document_to_the_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert _patched(old, merge_patch(old, new)) == new


@given(DOCUMENTS, DOCUMENTS)
def test_differences_are_the_same_seen_from_the_other_side(old: dict[str, Any], new: dict[str, Any]) -> None:
    opposite = {PropertyDiffKind.ADD: PropertyDiffKind.DELETE, PropertyDiffKind.DELETE: PropertyDiffKind.ADD}
    assert differences(new, old) == {path: opposite.get(kind, kind) for path, kind in differences(old, new).items()}


def test_paths_are_those_the_engine_understands() -> None:
    old = {"metadata": {"labels": {"app.kubernetes.io/name": "a"}}, "spec": {"containers": [{"image": "a"}], "replicas": 1}}
    new = {"metadata": {"labels": {"app.kubernetes.io/name": "b"}}, "spec": {"containers": [{"image": "b"}, {"image": "c"}]}}
    assert differences(old, new) == {
        'metadata.labels["app.kubernetes.io/name"]': PropertyDiffKind.UPDATE,
        "spec.containers[0].image": PropertyDiffKind.UPDATE,
        "spec.containers[1]": PropertyDiffKind.ADD,
        "spec.replicas": PropertyDiffKind.DELETE,
    }


def test_true_is_not_one() -> None:
    assert differences({"a": True}, {"a": 1}) == {"a": PropertyDiffKind.UPDATE}


def test_a_change_below_an_immutable_field_replaces_and_the_rest_does_not() -> None:
    found = differences({"spec": {"selector": {"a": "b"}, "replicas": 1}}, {"spec": {"selector": {"a": "c"}, "replicas": 2}})
    response = diff_response(found, ("spec.selector",), delete_before_replace=True)
    assert response.replaces == ["spec.selector.a"]
    assert response.detailed_diff["spec.selector.a"].kind is PropertyDiffKind.UPDATE_REPLACE
    assert response.detailed_diff["spec.replicas"].kind is PropertyDiffKind.UPDATE
    assert response.delete_before_replace


def test_nothing_is_deleted_first_when_nothing_is_replaced() -> None:
    found = differences({"a": 1}, {"a": 2})
    assert not diff_response(found, ("b",), delete_before_replace=True).delete_before_replace


def test_a_path_is_under_its_field_but_not_under_one_with_a_longer_name() -> None:
    assert is_under("spec.template.spec", ("spec.template",))
    assert is_under('data["a.b"]', ("data",))
    assert not is_under("spec.templateName", ("spec.template",))


@pytest.mark.parametrize(
    ("kind", "obj", "config", "expected"),
    [
        pytest.param(Gvk("", "v1", "ConfigMap"), {}, ProviderConfig(), True, id="config maps are replaced"),
        pytest.param(Gvk("", "v1", "ConfigMap"), {}, ProviderConfig(enable_config_map_mutable=True), False, id="unless mutable"),
        pytest.param(
            Gvk("", "v1", "ConfigMap"), {"immutable": True}, ProviderConfig(enable_config_map_mutable=True), True, id="but a sealed one is"
        ),
        pytest.param(Gvk("", "v1", "Secret"), {}, ProviderConfig(enable_config_map_mutable=True), True, id="secrets have their own switch"),
        pytest.param(Gvk("", "v1", "Secret"), {}, ProviderConfig(enable_secret_mutable=True), False, id="which makes them mutable"),
        pytest.param(Gvk("x.io", "v1", "ConfigMap"), {}, ProviderConfig(), False, id="another group's kind is not concerned"),
    ],
)
def test_whether_changed_data_replaces(kind: Gvk, obj: dict[str, Any], config: ProviderConfig, expected: bool) -> None:
    assert is_under("data.a", immutable_paths(kind, obj, config)) is expected


def test_an_apply_takes_over_what_a_create_and_kubectl_set_and_nothing_else() -> None:
    def entry(manager: str, operation: str, field: str, subresource: str = "") -> dict[str, Any]:
        return {"manager": manager, "operation": operation, "subresource": subresource, "fieldsV1": {"f:spec": {field: {}}}}

    entries = [
        entry("pulumi-kubernetes", "Update", "f:a"),
        entry("kubectl-edit", "Update", "f:b"),
        entry("us", "Apply", "f:c"),
        entry("kube-controller-manager", "Update", "f:d"),
        entry("kubectl", "Update", "f:e", subresource="scale"),
    ]
    live = {"apiVersion": "v1", "metadata": {"managedFields": entries, "resourceVersion": "7"}}
    replaced, pinned = adoption(live, "us")
    ours = replaced["value"][-1]
    assert (ours["manager"], ours["operation"]) == ("us", "Apply")
    assert ours["fieldsV1"] == {"f:spec": {"f:a": {}, "f:b": {}, "f:c": {}}}
    assert replaced["value"][:-1] == entries[3:]
    assert pinned["value"] == "7", "somebody else's write in between must fail the patch"
    assert adoption({"apiVersion": "v1", "metadata": {"managedFields": entries[2:]}}, "us") == []


def test_an_ignored_field_is_sent_as_it_is_live() -> None:
    body = {"spec": {"replicas": 1, "paused": True, "other": 1}}
    keep_ignored(body, {"spec": {"replicas": 5}}, ["spec.replicas", "spec.paused", "spec.nothing.here"])
    assert body == {"spec": {"replicas": 5, "other": 1}}
