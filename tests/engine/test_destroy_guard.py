"""`pulumi destroy --skip-preview` of a protected stack deletes nothing, because it begins at the guard. Needs the Pulumi CLI alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pulumi
import pulumi_random
import pytest

from bench import build
from bench.environment import PLUGINS, missing_clients, own_path, path_entries
from components.guard import Guard, GuardArgs
from tests.engine.harness import Stack

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    search = own_path(os.environ["PATH"])
    if missing_clients(search, ["pulumi"]):
        build.ensure(["pulumi", "pulumi-language-python"])
    entries = [str(PLUGINS / "random"), *path_entries(search, tmp_path_factory.mktemp("home"), ["pulumi"])]
    return {**os.environ, "PATH": os.pathsep.join([*entries, search])}


def declare(*, guarded: bool, protect: bool) -> None:
    """A protected cluster between what comes before it and what nothing else waits for."""

    def text(name: str, *after: pulumi.Resource, protected: bool = False) -> pulumi.Resource:
        return pulumi_random.RandomString(name, length=8, opts=pulumi.ResourceOptions(depends_on=after, protect=protected))

    cluster = text("cluster", text("network"), protected=protect)
    parts = [text("entry", cluster), text("nodes", cluster)]
    if guarded:
        Guard("destroy-guard", GuardArgs(protect=protect), after=parts)


def there(stack: Stack) -> set[str]:
    exported = json.loads(stack._pulumi("stack", "export").stdout)
    return {each["urn"].rpartition("::")[2] for each in exported["deployment"].get("resources", []) if each["type"].startswith("random:")}


def destroyed(folder: Path, tools: dict[str, str], *, guarded: bool) -> set[str]:
    """A refused destroy leaves everything; then everything goes, once the protection is lifted."""
    state = {"protect": True}
    stack = Stack(folder, tools, lambda: declare(guarded=guarded, protect=state["protect"]))
    assert stack.up([]).code == 0
    refused = stack.destroy()
    assert refused.code != 0
    assert "protected" in refused.text
    left = there(stack)
    state["protect"] = False
    assert stack.up([]).code == 0
    assert stack.destroy().code == 0
    assert there(stack) == set()
    return left


def test_nothing_goes_while_the_guard_is_protected(tmp_path: Path, tools: dict[str, str]) -> None:
    assert destroyed(tmp_path, tools, guarded=True) == {"network", "cluster", "entry", "nodes", "destroy-guard"}


def test_without_a_guard_the_engine_deletes_up_to_the_first_protected_resource(tmp_path: Path, tools: dict[str, str]) -> None:
    """The reason for the guard; an engine that refuses at once makes it superfluous."""
    assert destroyed(tmp_path, tools, guarded=False) == {"network", "cluster"}
