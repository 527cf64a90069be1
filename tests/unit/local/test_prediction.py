"""The proof at the end of `make up`, against stubs in place of the models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.errors import DriverError
from scripts.local.prediction import show_answers
from tests.stack_files import MNIST, SMOLLM
from tests.unit.local.deployed_stack import address, stack
from tests.unit.mlops.fake_kubectl import Kubectl
from tests.unit.mlops.stub_server import Received, Reply, one_hot, serving

COMPLETION = {"choices": [{"text": "  there was\n a  node", "finish_reason": "length"}], "usage": {"completion_tokens": 16}}


def show(folder: Path, addresses: Mapping[str, str]) -> None:
    """Do what `make up` does, with a kubectl that knows every model's Service at this machine's own address."""
    kubectl = Kubectl(folder / "bin")
    kubectl.services({f"default/{name}": {"type": "ClusterIP", "clusterIP": "127.0.0.1"} for name in (MNIST, SMOLLM, "counter", "silent")})
    show_answers(stack(folder / "state", addresses), {"PATH": str(kubectl.folder)})


def test_every_model_shows_one_answer_in_its_own_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked: dict[str, Received] = {}
    replies = {MNIST: one_hot(7), SMOLLM: COMPLETION, "counter": {"words": 2}}

    def answer(received: Received) -> Reply:
        name = received.host.partition(".")[0]
        asked[name] = received
        return Reply(replies[name])

    with serving(answer) as url:
        show(tmp_path, {name: address(url, name) for name in replies})
    said = capsys.readouterr().out
    for name in replies:
        assert f"  {name:{len(SMOLLM)}}  http://{name}.default.svc.cluster.local:" in said
    digit = said.partition(f"one real answer of {MNIST}:\n\n")[2].partition("one real answer")[0].splitlines()
    assert digit[0] == "  a handwritten 0 that the model never saw in training"
    assert digit[-2].startswith("  the model says 7, with probability 1.000, in ")
    assert any("%" in line for line in digit[2:16])
    assert f"\n  {SMOLLM} continues 'Once upon a time' with 16 tokens: there was a node, in " in said
    assert 'one real answer of counter:\n\n  {"words": 2}, in ' in said
    assert asked[SMOLLM].body == {"model": SMOLLM, "prompt": "Once upon a time", "max_tokens": 16, "temperature": 0}
    assert asked["counter"].body == {"text": "one two"}


def test_of_a_model_that_can_only_be_ready_that_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Received] = []

    def answer(received: Received) -> Reply:
        asked.append(received)
        return Reply("ready")

    with serving(answer) as url:
        show(tmp_path, {"silent": address(url, "silent")})
    (received,) = asked
    assert (received.path, received.body) == ("/v1/models/silent", None)
    assert received.host.startswith("silent.default.svc.cluster.local")
    assert "  it is ready: GET /v1/models/silent was answered in " in capsys.readouterr().out


def test_without_a_model_it_ends_well_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(tmp_path, {})
    assert "no model is configured: write one below inference-platform:models in Pulumi.local.yaml" in capsys.readouterr().out


def test_a_model_that_does_not_answer_is_a_failure_with_its_name(tmp_path: Path) -> None:
    with (
        serving(lambda _received: Reply(status=503)) as url,
        pytest.raises(DriverError, match=f"{SMOLLM}.default.svc.cluster.local.* does not answer"),
    ):
        show(tmp_path, {SMOLLM: address(url, SMOLLM)})


@pytest.mark.parametrize(("model", "answer"), [(MNIST, {"predictions": []}), (SMOLLM, {}), ("counter", {"words": 3})])
def test_a_wrong_answer_is_a_failure_that_shows_it(tmp_path: Path, model: str, answer: object) -> None:
    with serving(lambda _received: Reply(answer)) as url, pytest.raises(DriverError) as raised:
        show(tmp_path, {model: address(url, model)})
    assert f"{model}.default.svc.cluster.local" in str(raised.value)
    assert json.dumps(answer) in str(raised.value)
