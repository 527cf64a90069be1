"""Conventions of components that a reader relies on."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from pathlib import Path

import pytest

from components.base import Component, type_token
from tests.structure.project import ROOT, imported, relative, sources, tree

CLASSES = [
    (path, node)
    for path in sources("components")
    for node in tree(path).body
    if isinstance(node, ast.ClassDef) and any(isinstance(base, ast.Name) and base.id == "Component" for base in node.bases)
]


def test_the_components_are_found() -> None:
    assert len(CLASSES) >= 9


@pytest.mark.parametrize(("path", "node"), CLASSES, ids=lambda value: getattr(value, "name", ""))
def test_a_constructor_starts_with_its_base_and_ends_with_its_outputs(path: Path, node: ast.ClassDef) -> None:
    (constructor,) = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    assert ast.unparse(constructor.body[0]).startswith("super().__init__(name, opts"), f"{path}: {node.name}"
    assert ast.unparse(constructor.body[-1]).startswith("self.register_outputs({"), f"{path}: {node.name}"


@pytest.mark.parametrize(("path", "node"), CLASSES, ids=lambda value: getattr(value, "name", ""))
def test_a_component_says_what_it_owns_and_when_it_is_ready(path: Path, node: ast.ClassDef) -> None:
    text = ast.get_docstring(node) or ""
    assert "Owns" in text, f"{path}: {node.name}"
    assert any(word in text for word in ("Ready when", "Does not wait", "Usable", "Needs")), f"{path}: {node.name}"


@pytest.mark.parametrize("path", [path for path in sources("components") if path.parent.name != "in_cluster"], ids=relative)
def test_a_component_reads_no_configuration_no_environment_and_nothing_of_stacks_or_bench(path: Path) -> None:
    names = imported(path)
    assert not {name for name in names if name.split(".")[0] in {"os", "stacks", "bench", "scripts"}}
    assert not {"pulumi.Config", "pulumi.get_stack", "pulumi.StackReference"} & names
    text = ast.unparse(tree(path))
    for call in ("pulumi.Config", "pulumi.get_stack", "pulumi.get_project", "pulumi.runtime.get_config", "os.environ"):
        assert call not in text


BROUGHT_BY_ITS_IMAGE = {"publish_model_to_s3.py": {"boto3", "botocore"}}
"""S3 wants requests signed by the pod's identity, and KServe's storage initializer, whose image it runs in, signs them with boto3."""


@pytest.mark.parametrize("path", sources("components/in_cluster"), ids=relative)
def test_what_runs_in_a_pod_needs_pythons_standard_library_only(path: Path) -> None:
    names = {name.split(".")[0] for name in imported(path)}
    allowed = set(sys.stdlib_module_names) | BROUGHT_BY_ITS_IMAGE.get(path.name, set())
    own = {name for name in imported(path) if name.startswith("components.")}
    assert names - {"components"} <= allowed
    assert all(name.startswith("components.in_cluster") for name in own)


def test_type_tokens_are_derived_from_where_a_class_lives() -> None:
    tokens = {}
    for path, node in CLASSES:
        module = importlib.import_module(relative(path).removesuffix(".py").replace("/", "."))
        component = getattr(module, node.name)
        assert inspect.isclass(component)
        assert issubclass(component, Component)
        tokens[type_token(component)] = node.name
    assert "inference-platform:platform:KServe" in tokens
    assert "inference-platform:serving:InferenceService" in tokens
    assert len(tokens) == len(CLASSES), "two components share a type token"


def test_only_stacks_and_components_make_resources() -> None:
    for path in [ROOT / "__main__.py", *sources("stacks")]:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert not called.startswith("k8s.") or called == "k8s.Provider", f"{relative(path)} creates {called} itself"
