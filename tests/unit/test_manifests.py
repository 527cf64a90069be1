"""Release manifests as plain objects: how they are read, found and edited, and what is said when that does not work."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.artifacts import Manifest, Mirror
from components.lock import Lock
from components.manifest_source import ManifestError
from components.manifests import Objects, container, containers, load
from tests.release_manifests import deployment, item

PIN = Manifest(name="thing", version="1.2.3", url="https://releases.example/v{version}/thing.yaml")


def objects(folder: Path, text: str) -> Objects:
    (folder / "thing-1.2.3.yaml").write_text(text)
    return load([PIN], Mirror(manifests=str(folder), lock=Lock()))


def test_values_are_what_kubernetes_reads(tmp_path: Path) -> None:
    (found,) = objects(
        tmp_path,
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values}\n"
        "data: {a: on, b: 2026-01-31, c: =, d: 1:30, e: true, f: 12, g: 1.5, h: null, i: 'yes', j: -3}\n---\n",
    )
    assert found["data"] == {
        "a": "on",
        "b": "2026-01-31",
        "c": "=",
        "d": "1:30",
        "e": True,
        "f": 12,
        "g": 1.5,
        "h": None,
        "i": "yes",
        "j": -3,
    }


def test_what_the_cluster_owns_is_left_to_it(tmp_path: Path) -> None:
    text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: %s}\nrules: []\nstatus: {}\n"
    aggregated, plain = objects(tmp_path, text % "sum" + "aggregationRule: {clusterRoleSelectors: []}\n---\n" + text % "part")
    assert "rules" not in aggregated
    assert plain["rules"] == []
    assert "status" not in aggregated | plain


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [1", r"thing 1\.2\.3 is not YAML: .*line"),
        ("a: !!python/object:os.system {}", r"thing 1\.2\.3 is not YAML"),
        ("just text", r"thing 1\.2\.3 contains something that is not a Kubernetes object: just text"),
        ("kind: ConfigMap\napiVersion: v1\nmetadata: {}", "not a Kubernetes object"),
        ("kind: List\nitems: []", "not a Kubernetes object"),
    ],
)
def test_a_file_that_is_no_manifest_is_named(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        objects(tmp_path, text)


def test_an_edit_whose_object_is_missing_names_it_and_what_there_is() -> None:
    found = Objects([item("v1", "ConfigMap", "one", "a"), item("v1", "ConfigMap", "two", "a")], "thing 1.2.3")
    with pytest.raises(ManifestError, match=r"thing 1\.2\.3: 0 objects are ConfigMap three, expected one; objects of this kind: one, two"):
        found.one("ConfigMap", "three")
    with pytest.raises(ManifestError, match="0 objects are Secret one, expected one; objects of this kind: none"):
        found.drop("Secret", "one")


def test_a_name_that_stands_in_two_namespaces_is_no_answer() -> None:
    with pytest.raises(ManifestError, match="2 objects are ConfigMap one"):
        Objects([item("v1", "ConfigMap", "one", "a"), item("v1", "ConfigMap", "one", "b")], "thing").one("ConfigMap", "one")


def test_the_same_object_twice_counts_once_and_a_different_one_is_an_error() -> None:
    one = item("v1", "ConfigMap", "one", "a", data={"key": "value"})
    assert len(list(Objects([one, dict(one)], "thing"))) == 1
    with pytest.raises(ManifestError, match="thing: ConfigMap one occurs twice with different content"):
        Objects([one, one | {"data": {}}], "thing")
    assert len(list(Objects([item("a.example/v1", "Image", "one"), item("b.example/v1", "Image", "one")], "thing"))) == 2


def test_what_is_changed_in_a_found_object_is_changed_and_a_dropped_one_is_gone() -> None:
    found = Objects([item("v1", "ConfigMap", "one"), item("v1", "Secret", "one")], "thing")
    found.one("ConfigMap", "one")["data"] = {"key": "value"}
    found.drop("Secret", "one")
    assert list(found) == [item("v1", "ConfigMap", "one", data={"key": "value"})]


def test_containers_are_found_by_name() -> None:
    workload = deployment("controller", "a", "main")
    workload["spec"]["template"]["spec"]["initContainers"] = [{"name": "first"}]
    assert [each["name"] for each in containers(workload)] == ["first", "main"]
    assert container(workload, "main")["image"]
    with pytest.raises(ManifestError, match="Deployment controller has no container second"):
        container(workload, "second")


def test_a_definition_keeps_what_is_checked_and_loses_what_is_only_read(tmp_path: Path) -> None:
    (found,) = objects(
        tmp_path,
        """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  versions:
    - name: v1
      additionalPrinterColumns: [{name: Age, description: how old, jsonPath: .a, type: date}]
      schema:
        openAPIV3Schema:
          type: object
          description: prose
          properties:
            description: {type: string, description: prose}
            many: {type: array, items: {type: string, description: prose, maxLength: 3}}
            named: {type: object, additionalProperties: {type: integer, description: prose}}
            one: {anyOf: [{type: integer, description: prose}, {type: string}], default: {description: kept}}
""",
    )
    (version,) = found["spec"]["versions"]
    assert version["additionalPrinterColumns"][0]["description"] == "how old"
    assert version["schema"]["openAPIV3Schema"] == {
        "type": "object",
        "properties": {
            "description": {"type": "string"},
            "many": {"type": "array", "items": {"type": "string", "maxLength": 3}},
            "named": {"type": "object", "additionalProperties": {"type": "integer"}},
            "one": {"anyOf": [{"type": "integer"}, {"type": "string"}], "default": {"description": "kept"}},
        },
    }
