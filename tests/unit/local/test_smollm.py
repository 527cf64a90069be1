"""`make up SMOLLM=1`: what the bench is asked for, and what a node that has it adds to the stack file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.errors import DriverError
from scripts.local import __main__ as driver
from scripts.local import cluster as clusters
from scripts.local.workspace import laid_over, prepare, with_machine, write_config
from scripts.mlops.delivery.plan import Named
from scripts.mlops.delivery.services import SERVICES, Kubectl
from scripts.mlops.delivery.stack_file import StackFile
from scripts.stack_configuration import configuration
from tests.stack_files import BENCH_PROMETHEUS, IMAGES, ROOT, committed, local, local_with_smollm

WITH = ["--with", "keda", "--with", "monitoring", "--with", "vllm", "--with", "gpus=1"]
FULL = ["keda", "monitoring", "vllm"]


class Bench:
    """In place of `python -m bench`: keeps what it was asked, and tells of a node with these extras."""

    def __init__(self, folder: Path, *extras: str) -> None:
        self.asked: list[list[str]] = []
        self.told: dict[str, Any] = {
            "cluster": "bench-default",
            "kubeconfig": str(folder / "kubeconfig"),
            "path": [],
            "charts": "/charts",
            "manifests": "/manifests",
            "images": {},
            "knativeIngress": {"class": "traefik.ingress.networking.knative.dev", "service": "traefik/traefik"},
            "state": str(folder),
            "with": list(extras),
            "gpus": 1,
            **({"monitoring": BENCH_PROMETHEUS} if "monitoring" in extras else {}),
        }

    def __call__(self, command: Sequence[str], _env: object) -> str:
        words = list(command)[len(clusters.BENCH) :]
        self.asked.append(words)
        return json.dumps(self.told) if words == ["env"] else f"bench.local/{words[2]}:1" if words[0] == "image" else ""


@pytest.fixture(autouse=True)
def _no_cluster_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)


def bench(monkeypatch: pytest.MonkeyPatch, folder: Path, *extras: str) -> Bench:
    found = Bench(folder, *extras)
    for name in ("show", "answer"):
        monkeypatch.setattr(clusters, name, found)
    return found


def of_the_stack(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a machine alone knows."""
    return {name: section for name, section in sections.items() if name not in {"cluster", "mirror", "images"}}


@pytest.mark.parametrize(("words", "asked"), [([], []), (["--smollm"], WITH)])
def test_the_flag_asks_the_bench_for_all_that_it_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], asked: list[str]
) -> None:
    found = bench(monkeypatch, tmp_path)
    monkeypatch.setattr("sys.argv", ["scripts.local", "up", *words])

    def far_enough(_cluster: clusters.Cluster) -> None:
        raise DriverError("far enough")

    monkeypatch.setattr(driver, "configured", far_enough)
    assert driver.main() == 1
    assert found.asked == [["up", *asked], ["env"]]


def test_a_cluster_of_the_users_is_not_made_to_serve_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").touch()
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    assert not clusters.start().is_bench
    with pytest.raises(DriverError, match="SMOLLM=1 is for the bench's node: unset KUBECONFIG"):
        clusters.start(smollm=True)


@pytest.mark.parametrize("extras", [(), ("vllm",), ("monitoring", "keda"), FULL])
def test_a_node_serves_it_where_it_has_all_that_it_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, extras: Sequence[str]) -> None:
    found = bench(monkeypatch, tmp_path, *extras)
    cluster = clusters.running()
    images = clusters.images(cluster)
    assert cluster.smollm == ("smollmWeights" in images) == (extras == FULL)
    built = [words[1:] for words in found.asked if words[0] == "image"]
    assert (["images/smollm", "smollm-weights", "--target", "weights"] in built) == (extras == FULL)
    assert cluster.config.get("monitoring") == (BENCH_PROMETHEUS if "monitoring" in extras else None)


def test_a_cluster_of_the_users_brings_its_images(tmp_path: Path) -> None:
    assert clusters.images(clusters.Cluster(tmp_path, tmp_path)) == {}


def test_without_extras_the_stack_is_pulumi_local_yaml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, tmp_path)
    written = with_machine(committed("local"), clusters.running(), dict(IMAGES))
    assert of_the_stack(written) == of_the_stack(local())


def test_a_node_without_it_refuses_a_stack_file_that_a_rollout_left_it_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, tmp_path)
    cluster, source = clusters.running(), tmp_path / "Pulumi.local.yaml"
    source.write_text(yaml.safe_dump({"config": {"inference-platform:services": {"smollm": {"versions": []}}}}))
    with pytest.raises(DriverError, match=r"has services\.smollm, and this node has no vLLM: `make up SMOLLM=1` brings it"):
        write_config(prepare(cluster), cluster, {}, source)


def test_a_node_that_has_it_all_adds_the_overlay_and_later_commands_mean_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, tmp_path, *FULL)
    cluster = clusters.running()
    workspace = prepare(cluster)
    write_config(workspace, cluster, clusters.images(cluster))
    config = yaml.safe_load(workspace.config_file.read_text())["config"]
    written = {key.partition(":")[2]: value for key, value in config.items() if key.startswith("inference-platform:")}
    assert written["images"]["smollmWeights"] == "bench.local/smollm-weights:1"
    assert of_the_stack(written) == of_the_stack(local_with_smollm())
    services = configuration("local", written).services
    assert services.mnist
    assert services.smollm
    assert (services.smollm.replicas.min, services.smollm.replicas.max) == (1, 2)


def test_what_the_stack_file_says_of_smollm_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, tmp_path, *FULL)
    versions = [{"name": name, "model": "s3://models/smollm/135m", "weight": 50} for name in ("v1", "v2")]
    given = laid_over(committed("local"), {"services": {"smollm": {"versions": versions}}})
    smollm = with_machine(given, clusters.running(), {})["services"]["smollm"]
    assert smollm["versions"] == versions
    assert smollm["replicas"] == {"min": 1, "max": 2}


def test_of_two_values_the_upper_one_counts_and_neither_is_changed() -> None:
    below, above = {"a": {"b": 1, "c": [1, 2]}, "d": 1}, {"a": {"c": [3]}, "d": {"e": 1}}
    assert laid_over(below, above) == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_a_rollout_is_of_what_the_overlay_serves_and_writes_what_the_stack_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, tmp_path, *FULL)
    cluster = clusters.running()
    images = {**IMAGES, "smollmWeights": "weights:1"}
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    file.path.write_text((ROOT / "Pulumi.local.yaml").read_text())
    before = file.path.read_text()
    delivered = SERVICES["smollm"](Kubectl({}), with_machine({}, cluster, images))
    stable, candidate = delivered.strategy.standing(file).stable, Named("s3://models/smollm/second")
    assert stable == Named("s3://models/smollm/135m")
    for step in delivered.strategy.forward(file, stable, candidate, (10, 100)):
        smollm = configuration("local", with_machine(file.sections(step.edits), cluster, images)).services.smollm
        assert smollm is not None
        assert smollm.versions[-1].weight == step.percent
        assert smollm.resources.requests.memory == "3584Mi", "the rest is the overlay's"
    file.write(delivered.strategy.forward(file, stable, candidate, (10, 100))[0].edits)
    file.write(delivered.strategy.back(file, stable, candidate, promoted=False)[-1].edits)
    assert file.path.read_text() == before
