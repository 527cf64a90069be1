"""The proof at the end of `make up`, against stubs in place of the two services."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scripts.errors import DriverError
from scripts.local.prediction import show_prediction
from tests.unit.mlops.fake_kubectl import Kubectl
from tests.unit.mlops.stub_server import Received, Reply, one_hot, serving

SMOLLM = "smollm-text-generation"
COMPLETION = {"choices": [{"text": "  there was\n a  node"}], "usage": {"completion_tokens": 16}}


def show(folder: Path, endpoints: Mapping[str, str]) -> None:
    """As `make up` does, with a kubectl that knows both services at this machine's own address."""
    kubectl = Kubectl(folder / "bin")
    kubectl.services({f"default/{name}": {"type": "ClusterIP", "clusterIP": "127.0.0.1"} for name in ("mnist-classifier", SMOLLM)})
    show_prediction({"endpoints": endpoints}, {"PATH": str(kubectl.folder)})


def address(url: str, service: str, path: str) -> str:
    return f"http://{service}.default.svc.cluster.local:{urlsplit(url).port}{path}"


def test_a_digit_and_where_smollm_is_served_one_line_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Received] = []

    def completed(received: Received) -> Reply:
        asked.append(received)
        return Reply(COMPLETION)

    with serving(lambda _received: Reply(one_hot(7))) as mnist, serving(completed) as smollm:
        endpoints = {
            "mnist": address(mnist, "mnist-classifier", "/v1/models/mnist-classifier:predict"),
            "smollm": address(smollm, SMOLLM, "/v1/completions"),
        }
        show(tmp_path, endpoints)
    said = capsys.readouterr().out
    assert "the model says 7, with probability 1.000" in said
    assert said.splitlines()[-1].startswith(f"  {SMOLLM} continues 'Once upon a time', 16 tokens in ")
    assert said.splitlines()[-1].endswith(" s: there was a node")
    (received,) = asked
    assert received.host.startswith(f"{SMOLLM}.default.svc.cluster.local")
    assert received.body == {"model": SMOLLM, "prompt": "Once upon a time", "max_tokens": 16}


def test_without_smollm_nobody_asks_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda _received: Reply(one_hot(7))) as mnist:
        show(tmp_path, {"mnist": address(mnist, "mnist-classifier", "/v1/models/mnist-classifier:predict")})
    assert "continues" not in capsys.readouterr().out


def test_a_smollm_that_does_not_answer_is_a_failure_with_its_name(tmp_path: Path) -> None:
    with serving(lambda _received: Reply(one_hot(7))) as mnist, serving(lambda _received: Reply(status=503)) as smollm:
        endpoints = {"mnist": address(mnist, "mnist-classifier", "/"), "smollm": address(smollm, SMOLLM, "/v1/completions")}
        with pytest.raises(DriverError, match=f"{SMOLLM}.default.svc.cluster.local.* does not answer"):
            show(tmp_path, endpoints)
