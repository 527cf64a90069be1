"""`make up WITH=<model>`: what the bench is asked for and builds, and what an overlay adds to the stack file, until WITHOUT."""

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
from scripts.local import overlays
from scripts.local.overlays import bench_extras, laid_below, laid_over
from scripts.local.workspace import model_names, prepare, with_machine, write_config
from scripts.stack_configuration import configuration
from tests.stack_files import BENCH_PROMETHEUS, IMAGES, MNIST, SMOLLM, committed, local, local_with_smollm

WITH = ["--with", "keda", "--with", "monitoring", "--with", "vllm", "--with", "gpus=1"]
EARLY = [
    *("--image", "mnist-classifier-serving=models/mnist-classifier:serving"),
    *("--image", "mnist-classifier-weights=models/mnist-classifier:weights"),
]
COUNTER = "config:\n  inference-platform:models:\n    counter: {server: {kind: custom, image: 'registry.example/counter:1'}}\n"


class Bench:
    """In place of `python -m bench`: keeps what it was asked, and tells of a node, with a Prometheus if it is said."""

    def __init__(self, folder: Path, has_prometheus: bool) -> None:
        self.asked: list[list[str]] = []
        self.told: dict[str, Any] = {
            "cluster": "bench-default",
            "kubeconfig": str(folder / "kubeconfig"),
            "path": [],
            "charts": "/charts",
            "manifests": "/manifests",
            "images": {},
            "environment": {},
            "state": str(folder),
            "with": [],
            "gpus": 1,
            **({"monitoring": BENCH_PROMETHEUS} if has_prometheus else {}),
        }

    def __call__(self, command: Sequence[str], _env: object) -> str:
        words = list(command)[len(clusters.BENCH) :]
        self.asked.append(words)
        return json.dumps(self.told) if words == ["env"] else f"bench.local/{words[2]}:1" if words[0] == "image" else ""

    @property
    def built(self) -> list[list[str]]:
        return [words[1:] for words in self.asked if words[0] == "image"]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    found = Bench(tmp_path, has_prometheus=True)
    for name in ("show", "answer"):
        monkeypatch.setattr(clusters, name, found)
    return found


def of_the_stack(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a machine alone knows."""
    return {name: section for name, section in sections.items() if name not in {"cluster", "mirror", "images"}}


def up(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """`make up` until the stack's configuration is written."""
    monkeypatch.setattr("sys.argv", ["scripts.local", "up", *words])

    def far_enough(*_: object) -> None:
        raise DriverError("far enough")

    monkeypatch.setattr(driver, "check", lambda *_: None)
    monkeypatch.setattr(driver, "pulumi", far_enough)
    return driver.main()


def written(cluster: clusters.Cluster) -> dict[str, Any]:
    """The sections that `make up` has written."""
    config = yaml.safe_load(prepare(cluster).config_file.read_text())["config"]
    return {key.partition(":")[2]: value for key, value in config.items() if key.startswith("inference-platform:")}


def test_an_overlay_asks_the_bench_for_what_its_models_take(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert up(monkeypatch) == 1
    assert bench.asked[0] == ["up", *EARLY]
    bench.asked.clear()
    assert up(monkeypatch, "--with", SMOLLM) == 1
    smollm = ["--image", "smollm-text-generation-weights=models/smollm-text-generation:weights"]
    assert bench.asked[0] == ["up", *WITH, *smollm, *EARLY]


def test_images_are_built_for_the_models_that_are_served(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    up(monkeypatch)
    serving = ["models/mnist-classifier", "mnist-classifier-serving", "--target", "serving"]
    weights = ["models/mnist-classifier", "mnist-classifier-weights", "--target", "weights"]
    assert bench.built == [serving, weights]
    bench.asked.clear()
    up(monkeypatch, "--with", SMOLLM)
    smollm = ["models/smollm-text-generation", "smollm-text-generation-weights", "--target", "weights"]
    assert sorted(bench.built) == [serving, weights, smollm]
    assert written(clusters.running())["images"] == {
        MNIST: {"server": "bench.local/mnist-classifier-serving:1", "weights": "bench.local/mnist-classifier-weights:1"},
        SMOLLM: {"weights": "bench.local/smollm-text-generation-weights:1"},
    }


def test_without_an_overlay_the_stack_is_pulumi_local_yaml(bench: Bench) -> None:
    del bench.told["monitoring"]
    assert of_the_stack(with_machine(committed("local"), clusters.running(), dict(IMAGES))) == of_the_stack(local())


def test_an_overlay_stays_for_later_commands_until_it_is_taken_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bench
    up(monkeypatch, "--with", SMOLLM)
    cluster = clusters.running()
    assert of_the_stack(written(cluster)) == of_the_stack(local_with_smollm())
    models = configuration("local", written(cluster)).models
    assert (models[SMOLLM].replicas.min, models[SMOLLM].replicas.max) == (1, 2)
    up(monkeypatch)
    assert written(cluster)["models"].keys() == {MNIST, SMOLLM}
    assert set(model_names(cluster)) == {MNIST, SMOLLM}
    up(monkeypatch, "--without", SMOLLM)
    assert written(cluster)["models"].keys() == {MNIST}


def test_any_part_of_a_stack_file_is_an_overlay(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert bench
    file = tmp_path / "counter.yaml"
    file.write_text(COUNTER)
    up(monkeypatch, "--with", str(file))
    assert written(clusters.running())["models"].keys() == {MNIST, "counter"}
    up(monkeypatch, "--without", "counter")
    assert written(clusters.running())["models"].keys() == {MNIST}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--with", "nothing"], f"WITH=nothing is neither a file nor a model with an overlay; models: {SMOLLM}"),
        (["--without", "nothing"], "WITHOUT=nothing: no such overlay; kept: none"),
    ],
)
def test_an_overlay_that_is_not_there_is_one_clear_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert bench
    assert up(monkeypatch, *words) == 1
    assert capsys.readouterr().err == f"error: {said}\n"


def test_what_the_stack_file_says_of_a_model_stays(bench: Bench) -> None:
    assert bench
    cluster = clusters.running()
    overlays.keep(cluster.state, overlays.find(SMOLLM))
    versions = [{"name": name, "source": "s3://models/smollm/135m", "weight": 50} for name in ("v1", "v2")]
    smollm = with_machine(laid_over(committed("local"), {"models": {SMOLLM: {"versions": versions}}}), cluster, {})["models"][SMOLLM]
    assert smollm["versions"] == versions
    assert "source" not in smollm, "the overlay's other spelling of the same"
    assert smollm["replicas"] == {"min": 1, "max": 2}


def test_what_the_stack_file_says_of_an_image_stays(bench: Bench, tmp_path: Path) -> None:
    assert bench
    cluster, source = clusters.running(), tmp_path / "Pulumi.local.yaml"
    source.write_text(yaml.safe_dump({"config": {"inference-platform:images": {MNIST: {"server": "mine:1"}}}}))
    write_config(prepare(cluster), cluster, IMAGES, source)
    assert written(cluster)["images"] == {MNIST: {"server": "mine:1", "weights": IMAGES[MNIST]["weights"]}}


def test_of_two_values_the_upper_one_counts_and_neither_is_changed() -> None:
    below, above = {"a": {"b": 1, "c": [1, 2]}, "d": 1}, {"a": {"c": [3]}, "d": {"e": 1}}
    assert laid_over(below, above) == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


@pytest.mark.parametrize(
    ("server", "extras"),
    [
        ({"kind": "pytorch"}, []),
        ({"kind": "vllm"}, ["vllm", "gpus=1"]),
        ({"kind": "vllm", "tensorParallel": 2}, ["vllm", "gpus=2"]),
        ({"kind": "custom", "gpus": 1}, ["gpus=1"]),
    ],
)
def test_a_node_gets_what_the_kinds_of_servers_take(server: dict[str, Any], extras: list[str]) -> None:
    assert bench_extras({"models": {"a": {"server": {"kind": "pytorch"}}, "b": {"server": server}}}) == extras


@pytest.mark.parametrize("content", [b"a: [", b"", b"config:\n", b"config: [1]\n", b"config: {1: 2}\nmodels: 5\n", b"\xff\xfe\x00"])
def test_a_broken_overlay_is_one_line_with_its_name(tmp_path: Path, content: bytes) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_bytes(content)
    if content.startswith(b"config: {1"):
        assert laid_below({}, [overlay]) == {}
        return
    with pytest.raises(DriverError, match=r"mine\.yaml") as refused:
        laid_below({}, [overlay])
    assert "\n" not in str(refused.value)
