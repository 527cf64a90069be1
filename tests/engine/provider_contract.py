"""The behaviour of `pulumi-resource-kubernetes` on which the product relies: of the user's own plugin, or of the bench's.

Needs a real node (pods run) and only the Pulumi CLI, the SDK, kubectl and helm. One stack takes every kind through its life,
so that twenty kinds cost seven engine runs; each parametrised test then looks at what happened to one kind.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.engine.harness import Cluster, Run, Stack
from tests.engine.kinds import PASSWORD, Kind, kinds, write_chart

pytestmark = pytest.mark.engine

_IDS = [kind.id for kind in kinds("any", Path("chart"))]
_EDITABLE = [id_ for id_ in _IDS if id_ != "Release"]  # a release drifts by revisions: release_contract.py


@dataclass
class Life:
    """One run of everything, step by step; `live` says per kind whether the cluster had it after the step."""

    kinds: dict[str, Kind]
    namespace: str
    stack: Stack
    cluster: Cluster
    runs: dict[str, Run] = field(default_factory=dict)
    live: dict[str, dict[str, bool]] = field(default_factory=dict)

    def look(self, step: str) -> None:
        self.live[step] = {id_: self.exists(kind) for id_, kind in self.kinds.items()}

    def exists(self, kind: Kind) -> bool:
        props = kind.resource.props
        name = props["name"] if kind.id == "Release" else props["metadata"]["name"]
        return self.cluster.get(kind.resource_type, name, self.namespace) is not None


@pytest.fixture(scope="module")
def life(environment: dict[str, str], cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("life")
    namespace = f"contract-{secrets.token_hex(3)}"
    chart = write_chart(folder / "chart")
    life = Life({kind.id: kind for kind in kinds(namespace, chart)}, namespace, Stack(folder, environment), cluster)
    original = [kind.resource for kind in life.kinds.values()]
    changed = [kind.changed() for kind in life.kinds.values()]
    try:
        life.runs["preview"] = life.stack.preview(original)
        life.runs["create"] = life.stack.up(original)
        life.look("create")
        life.runs["again"] = life.stack.up(original)
        life.runs["refresh"] = life.stack.refresh()
        life.runs["preview of change"] = life.stack.preview(changed)
        life.runs["change"] = life.stack.up(changed)
        for id_ in _EDITABLE:
            kind = life.kinds[id_]
            cluster.patch(kind.resource_type, kind.resource.props["metadata"]["name"], namespace, kind.drift)
        life.runs["drift"] = life.stack.refresh()
        life.runs["repair"] = life.stack.up(changed)
        yield life
    finally:
        life.runs["destroy"] = life.stack.destroy()
        cluster.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")


@pytest.fixture(params=_IDS)
def kind(request: pytest.FixtureRequest, life: Life) -> Kind:
    return life.kinds[request.param]


@pytest.mark.parametrize("step", ["preview", "create", "again", "refresh", "preview of change", "change", "drift", "repair"])
def test_every_step_succeeds(life: Life, step: str) -> None:
    assert life.runs[step].code == 0, life.runs[step].text


def test_an_object_is_previewed_and_created(life: Life, kind: Kind) -> None:
    assert life.runs["preview"].operations[kind.id] == {"create"}
    assert life.runs["create"].operations[kind.id] == {"create"}
    assert life.live["create"][kind.id]


def test_a_second_up_changes_nothing(life: Life, kind: Kind) -> None:
    assert life.runs["again"].operations[kind.id] == {"same"}, life.runs["again"].paths[kind.id]


def test_a_refresh_finds_no_drift_in_what_was_just_created(life: Life, kind: Kind) -> None:
    assert life.runs["refresh"].operations.get(kind.id, {"same"}) == {"same"}, life.runs["refresh"].paths.get(kind.id)


@pytest.mark.parametrize("step", ["preview of change", "change"])
def test_one_changed_field_is_one_operation(life: Life, kind: Kind, step: str) -> None:
    expected = {"update"} if kind.operation == "update" else {"replace", "create-replacement", "delete-replaced"}
    assert life.runs[step].operations[kind.id] == expected
    assert len(life.runs[step].paths[kind.id]) == 1, life.runs[step].paths[kind.id]


@pytest.mark.parametrize("kind", _EDITABLE, indirect=True)
def test_an_edit_behind_pulumis_back_is_reported_and_repaired(life: Life, kind: Kind) -> None:
    assert life.runs["drift"].operations[kind.id] == {"update"}
    assert life.runs["repair"].operations[kind.id] == {"update"}


def test_no_secret_is_written_in_clear(life: Life) -> None:
    encoded = base64.b64encode(PASSWORD.encode()).decode().rstrip("=")
    written = life.stack.state()
    assert PASSWORD not in written
    assert encoded not in written


def test_no_secret_is_shown(life: Life) -> None:
    for step, run in life.runs.items():
        assert PASSWORD not in run.text, step


def test_destroy_leaves_nothing(life: Life) -> None:
    destroyed = life.stack.destroy()
    life.look("destroy")
    assert destroyed.code == 0, destroyed.text
    assert [id_ for id_, there in life.live["destroy"].items() if there] == []
