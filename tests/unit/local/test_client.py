"""`make load` and `make accuracy` against stubs in place of the platform: which model is asked, where, and what is counted and judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import DriverError
from scripts.local import load
from scripts.local.client import NO_MODEL, Asked
from scripts.mlops import load_test
from tests.stack_files import MNIST, SMOLLM
from tests.structure.project import ROOT
from tests.unit.local.deployed_stack import STATE, address, sections, stack, written
from tests.unit.mlops.fake_kubectl import Kubectl, pod
from tests.unit.mlops.prometheus_server import prometheus
from tests.unit.mlops.streams import streamed, whole
from tests.unit.mlops.stub_server import Received, Reply, one_hot, serving

pytestmark = pytest.mark.slow

PARTS = [SMOLLM, f"{SMOLLM}-v2"]
"""The InferenceServices of SmolLM's two versions."""


def make(target: str, folder: Path, addresses: dict[str, str], *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    pulumi = folder / "bin" / "pulumi"
    answers = {"ls": [{"name": "local"}] if addresses else [], "output": {"endpoints": addresses}}
    pulumi.write_text(f"#!{sys.executable} -IS\nimport json, sys\nprint(json.dumps({answers!r}[sys.argv[2]]))\n")
    pulumi.chmod(0o755)
    (folder / "kubeconfig").touch()
    environment = {"PATH": str(pulumi.parent), "HOME": str(folder), "KUBECONFIG": str(folder / "kubeconfig"), **variables}
    command = [sys.executable, "-m", f"scripts.local.{target}", *options]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)


@pytest.fixture
def kubectl(tmp_path: Path) -> Kubectl:
    kubectl = Kubectl(tmp_path / "bin", services=[MNIST, *PARTS, "counter"])
    kubectl.services({f"default/{name}": {"type": "ClusterIP", "clusterIP": "127.0.0.1"} for name in (MNIST, SMOLLM, "counter")})
    return kubectl


def deployed(folder: Path, **more: Any) -> None:  # noqa: ANN401 - any YAML
    written(folder / STATE, sections(**more))


def test_the_first_model_is_loaded_and_its_replicas_are_counted(tmp_path: Path, kubectl: Kubectl) -> None:
    deployed(tmp_path)
    kubectl.pods([pod("a", f"{MNIST}-predictor-00001", ready=True)])
    with serving(lambda _received: Reply(one_hot(3), served_by=f"{MNIST}-predictor-00001/a")) as url:
        known = address(url, MNIST)
        done = make("load", tmp_path, {MNIST: known}, "--requests", "20", "--json", "-", "--min-rate", "1000000")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["url"] == known
    assert list(report["whole"]["versions"]) == [f"{MNIST}-predictor-00001"]
    assert report["replicas"]["first"] == 1
    assert report["thresholds"]["p95_ms"] == 100, "the objective of the entry"


def test_every_version_of_a_language_model_is_counted(tmp_path: Path, kubectl: Kubectl) -> None:
    kubectl.pods([pod(f"{name}-predictor-7d9f-abcde", None, ready=True) for name in PARTS])
    queries: list[str] = []
    with serving(lambda _received: streamed(whole(3), f"{SMOLLM}-v1")) as url, prometheus({"waiting": "5"}, queries) as seen:
        deployed(tmp_path, monitoring={"prometheusUrl": seen})
        options = ["--requests", "20", "--warm-up", "0", "--json", "-", "--cpu"]
        done = make("load", tmp_path, {SMOLLM: address(url, SMOLLM)}, *options, MODEL_NAME=SMOLLM)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["whole"]["extra"]["tokens"] == 60
    assert report["gauges"]["requests_waiting"]
    assert f'inferenceservice=~"({"|".join(PARTS)})"' in queries[0]
    assert report["replicas"]["changes"][0]["versions"].keys() == {f"{name}-predictor-7d9f" for name in PARTS}
    assert {"P95 below 500 ms", "GPU use above 60 %"} == {each["name"] for each in report["conditions"]}


def test_a_model_without_a_folder_is_asked_with_its_probe(tmp_path: Path, kubectl: Kubectl) -> None:
    deployed(tmp_path)
    kubectl.pods([pod("counter-predictor-00001-a", "counter-predictor-00001", ready=True)])
    asked: list[Received] = []

    def answer(received: Received) -> Reply:
        asked.append(received)
        return Reply({"words": 2 if len(asked) <= 10 else 3})

    with serving(answer) as url:
        known = {"counter": address(url, "counter")}
        done = make("load", tmp_path, known, "--requests", "9", "--max-p95-ms", "10000", "--json", "-", MODEL_NAME="counter")
        assert done.returncode == 0, done.stderr
        checked = make("accuracy", tmp_path, known, "--requests", "5", "--max-p95-ms", "10000", MODEL_NAME="counter")
    assert json.loads(done.stdout)["url"].endswith("/count"), "at the path of the probe"
    assert {json.dumps(received.body) for received in asked} == {'{"text": "one two"}'}
    assert checked.returncode == 1
    assert "accuracy      not measured: no question to counter has a known right answer" in checked.stdout
    assert "5 x the answer.words is not 2" in checked.stdout


def test_the_accuracy_is_that_of_the_running_stack(tmp_path: Path, kubectl: Kubectl) -> None:
    assert kubectl
    deployed(tmp_path)
    with serving(lambda _received: Reply(one_hot(3))) as url:
        done = make("accuracy", tmp_path, {MNIST: address(url, MNIST)}, "--requests=400", "--max-p95-ms=10000", "--json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["broken_thresholds"] == ["accuracy 0.0900 is below 0.95"]


@pytest.mark.usefixtures("kubectl")
def test_a_model_that_the_stack_does_not_have_is_one_clear_line(tmp_path: Path) -> None:
    deployed(tmp_path)
    done = make("load", tmp_path, {MNIST: "http://a.b.svc/", SMOLLM: "http://c.d.svc/"}, MODEL_NAME="other")
    assert done.returncode == 2
    assert (
        done.stderr == f"error: the stack has no endpoint of other; it has {MNIST}, {SMOLLM}: `make up` deploys what the stack file has\n"
    )


def test_without_an_up_or_a_model_it_says_how_to_get_one(tmp_path: Path) -> None:
    assert stack(tmp_path, {}).first() == MNIST, "the stack file's first, whatever an overlay adds"
    with pytest.raises(DriverError, match=f"no endpoint of {MNIST}; it has none: `make up` deploys what the stack file has"):
        stack(tmp_path, {}).asked(MNIST)
    with pytest.raises(DriverError) as raised:
        stack(tmp_path, {}, {**sections(), "models": {}}).asked(MNIST)
    assert str(raised.value) == NO_MODEL


def test_a_stack_file_that_is_wrong_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"inference-platform:models\.counter\.server\.kind"):
        stack(tmp_path, {}, {**sections(), "models": {"counter": {"server": {"kind": "nothing"}}}})


def test_a_model_that_can_only_be_ready_is_not_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load_test.main(asked(tmp_path, "silent").words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: there is nothing to ask silent: write models/silent/questions.py, or a probe with a request")


def asked(folder: Path, name: str, **entry: Any) -> Asked:  # noqa: ANN401 - any YAML
    given = sections()
    given["models"][name] = {**given["models"][name], **entry}
    return stack(folder, {name: f"http://{name}.default.svc.cluster.local/v1/models/{name}:predict"}, given).asked(name)


def test_an_objective_for_fewer_than_95_percent_says_nothing_about_p95(tmp_path: Path) -> None:
    assert "--p95-ms" not in asked(tmp_path, "counter", objective={"latencySeconds": 0.5, "fast": 0.9}).words
    words = asked(tmp_path, "counter", objective={"latencySeconds": 0.5, "fast": 0.99}).words
    assert words[words.index("--p95-ms") + 1] == "500"


def test_only_a_language_model_has_a_prometheus_and_cpus(tmp_path: Path) -> None:
    assert load.words(asked(tmp_path, MNIST)) == ["--replicas-of", f"default/{MNIST}"]


@pytest.mark.parametrize("target", ["load", "accuracy"])
def test_before_anything_is_deployed_the_command_is_named(tmp_path: Path, kubectl: Kubectl, target: str) -> None:
    assert kubectl
    done = make(target, tmp_path, {})
    assert (done.returncode, done.stderr) == (2, "error: nothing is deployed here yet: `make up`\n")


def test_a_program_that_the_user_has_to_bring_is_named_with_its_page(tmp_path: Path, kubectl: Kubectl) -> None:
    assert kubectl
    (tmp_path / "kubeconfig").touch()
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig")}
    command = [sys.executable, "-m", "scripts.local.load"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: `pulumi` is not on PATH: install it (https://www.pulumi.com/")
    assert "unset KUBECONFIG" in line
