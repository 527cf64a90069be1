"""The artifacts that a stack downloads: the list for a mirror, the graph and the mirror's own places say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.manifest_source import ManifestError
from scripts.supply import mirror_list
from scripts.supply.mirror_list import artifacts, configuration, downloaded, lines
from tests.graph.recording import Graph, record
from tests.release_manifests import write
from tests.stack_files import local

pytestmark = pytest.mark.slow

REGISTRY = "corp.example/mirror"
ALL = {"enabled": True}


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Everything that runs on a cluster of any kind, all from one registry; release manifests are the tests' own."""
    folder = write(tmp_path_factory.mktemp("manifests"))
    parts = dict.fromkeys(("gatewayApi", "envoyGateway", "knative", "keda", "monitoring", "gpuOperator"), ALL)
    return local(mirror={"registry": REGISTRY, "manifests": str(folder)}) | parts | {"gpu": {"mode": "existing"}}


@pytest.fixture(scope="module")
def graph(values: dict[str, Any]) -> Graph:
    return record(values)


def texts(value: object) -> Iterator[str]:
    """Every text inside. Charts that take an image's name in two parts have it joined, as they do."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        parts = next((pair for pair in (("registry", "repository"), ("repository", "image")) if value.keys() >= set(pair)), ())
        if parts:
            yield "/".join(value[part] for part in parts)
        for key, each in value.items():
            if key not in parts:
                yield from texts(each)


def named(graph: Graph) -> list[tuple[str, str]]:
    """Texts that may name an artifact, each with its owner; without a CRD's descriptions and a program's lines."""
    owners = [resource for resource in graph if resource.custom and resource.kind not in {"CustomResourceDefinition", "ConfigMap"}]
    return [(owner.key, text) for owner in owners for text in texts(owner.inputs)]


def test_the_list_and_the_graph_name_the_same(values: dict[str, Any], graph: Graph) -> None:
    below = re.compile(rf"(?:oci://)?{re.escape(REGISTRY)}/([a-z0-9./_-]+)")
    listed = {artifact.mirrored.rpartition(":")[0] for artifact in artifacts(values, "local") if artifact.kind != "manifest"}
    assert len(listed) > 20
    assert {found for _, text in named(graph) for found in below.findall(text)} == listed


def test_nothing_comes_from_upstream_beside_the_mirror(values: dict[str, Any], graph: Graph) -> None:
    hosts = {artifact.mirrored.split("/")[0] for artifact in artifacts(values, "local") if artifact.kind != "manifest"}
    upstream = re.compile(rf"(oci://|https://)?({'|'.join(map(re.escape, hosts))})/")
    assert [found for found in named(graph) if upstream.match(found[1])] == []


def test_manifests_are_listed_with_their_releases_and_their_place(values: dict[str, Any]) -> None:
    listed = {artifact.mirrored: artifact.address for artifact in artifacts(values, "local") if artifact.kind == "manifest"}
    assert listed["manifests/serving-core:1.21.1"].endswith("/knative-v1.21.1/serving-core.yaml")
    assert {name.partition(":")[0] for name in listed} == {
        "manifests/gateway-api",
        "manifests/serving-core",
        "manifests/kourier",
        "manifests/keda",
    }


def test_a_line_is_for_a_copy_tool(values: dict[str, Any]) -> None:
    rows = [line.split("\t") for line in lines(artifacts(values, "local"))]
    assert all(len(row) == 4 for row in rows)
    (silo,) = [row for row in rows if "silo" in row[1]]
    kind, source, place, digest = silo
    assert (kind, source) == ("image", f"{place}@{digest}")
    (chart,) = [row for row in rows if row[1].startswith("quay.io/jetstack/charts/cert-manager")]
    assert chart[0] == "chart"
    assert chart[3] == "digest-unknown" or chart[1].endswith(chart[3])


def test_what_nobody_has_built_is_in_no_list(values: dict[str, Any]) -> None:
    unbuilt = {**values, "images": {}}
    assert lines(artifacts(unbuilt, "local")) == lines(artifacts(values, "local"))


def test_a_stack_file_is_read_without_its_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.x.yaml").write_text(
        "config:\n  pulumi:other: 1\n  inference-platform:cluster: {kind: existing, kubeconfig: {secure: abc}}\n"
        "  inference-platform:models: {iris: {server: {secretEnv: {TOKEN: {secure: abc}}}}}\n"
    )
    monkeypatch.setattr("scripts.stack_file.ROOT", tmp_path)
    iris = {"server": {"secretEnv": {"TOKEN": "secret"}}}
    assert configuration("x") == {"cluster": {"kind": "existing", "kubeconfig": "secret"}, "models": {"iris": iris}}


def test_behind_an_air_gap_the_benchs_own_manifests_are_read(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = values["mirror"]["manifests"]
    unreachable = {**values, "mirror": {"registry": REGISTRY}}
    monkeypatch.setattr("components.manifest_source.downloads", lambda: Path("/nonexistent"))
    monkeypatch.setattr("components.manifest_source.oci.file", _no_answer)
    monkeypatch.setattr(mirror_list, "bench_manifests", lambda: folder)
    assert lines(downloaded(unreachable, "local")) == lines(artifacts(values, "local"))
    monkeypatch.setattr(mirror_list, "bench_manifests", lambda: None)
    with pytest.raises(ManifestError, match="cannot download"):
        downloaded(unreachable, "local")


def _no_answer(_reference: str) -> bytes:
    raise OSError("no route to host")
