"""The live check against a stub server: what it accepts, what it refuses, and its exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist import digits
from scripts.mlops import test_mnist_inference as live
from scripts.mlops.load.measurement import RequestFailed
from scripts.mlops.mnist_requests import cases, predicted_class
from tests.unit.mlops.stub_server import Answer, Received, Reply, one_hot, serving

SCRIPT = Path(live.__file__)


@pytest.fixture(scope="module")
def right() -> Answer:
    source = digits.load()
    known = {np.round(image.astype(float), 4).tobytes(): int(label) for image, label in zip(source.images, source.labels, strict=True)}

    def answer(received: Received) -> Reply:
        return Reply(one_hot(known.get(np.array(received.body["instances"][0]).tobytes(), 0)))

    return answer


def options(url: str, *others: str) -> list[str]:
    return ["--url", url, "--requests", "400", "--max-p95-ms", "10000", *others]


def test_a_right_server_passes_whatever_folder_the_script_is_run_from(right: Answer) -> None:
    with serving(right) as url:
        command = [sys.executable, str(SCRIPT), *options(url, "--json")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["accuracy"] == 1
    assert report["success_rate"] == 1
    assert report["held_out_digits"] == 300
    assert report["broken_thresholds"] == []
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p95"] <= report["latency_ms"]["p99"]


def test_a_server_that_guesses_fails_on_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda _received: Reply(one_hot(3))) as url:
        code = live.main(options(url))
    shown = capsys.readouterr().out
    assert code == 1
    assert "accuracy 0.0900 is below 0.95" in shown
    assert "all thresholds held" not in shown


def test_a_server_that_sometimes_fails_breaks_the_success_rate(right: Answer, capsys: pytest.CaptureFixture[str]) -> None:
    calls = iter(range(10_000))
    with serving(lambda received: Reply({"error": "busy"}, 503) if next(calls) % 100 == 50 else right(received)) as url:
        code = live.main(options(url, "--json"))
    report = json.loads(capsys.readouterr().out)
    assert code == 1
    assert report["failures"] == {'status 503: {"error": "busy"}': 4}
    assert any(line.startswith("success rate") for line in report["broken_thresholds"])


def test_a_slow_server_breaks_the_latency_threshold(right: Answer, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(right) as url:
        code = live.main(options(url, "--max-p95-ms", "0.001"))
    assert code == 1
    assert "is not below 0.001 ms" in capsys.readouterr().out


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1/models/x:predict", "mnist"])
def test_an_address_without_an_answer_is_one_clear_line(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert live.main(options(url)) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"error: {url}")
    assert len(shown.splitlines()) == 1


@pytest.mark.parametrize("wrong", [["--requests", "399"], ["--concurrency", "0"], ["--rate", "0"]])
def test_a_wrong_option_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        live.main(options("http://127.0.0.1:9/", *wrong))
    assert exit_.value.code == 2
    assert wrong[0] in capsys.readouterr().err


PROBABILITIES = one_hot(3)["predictions"][0]["probabilities"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"predictions": []},
        {"predictions": [3]},
        {"predictions": [{"class": 3}]},
        {"predictions": [{"class": 3, "probabilities": PROBABILITIES[:9]}]},
        {"predictions": [{"class": 3, "probabilities": [0.2] * 10}]},
        {"predictions": [{"class": 3, "probabilities": [-0.5, 1.5, *[0.0] * 8]}]},
        {"predictions": [{"class": 3, "probabilities": ["a"] * 10}]},
        {"predictions": [{"class": 4, "probabilities": PROBABILITIES}]},
        {"predictions": [{"class": "3", "probabilities": PROBABILITIES}]},
    ],
)
def test_an_answer_that_breaks_the_protocol_is_a_failure(answer: dict[str, Any]) -> None:
    with pytest.raises(RequestFailed):
        predicted_class(json.dumps(answer).encode())


def test_the_right_answer_is_accepted() -> None:
    assert predicted_class(json.dumps(one_hot(3)).encode()) == 3


def test_cases_are_held_out_digits_and_random_images() -> None:
    source = digits.load()
    trained = {np.round(source.images[i].astype(float), 4).tobytes() for i in digits.split(source.labels).train}
    batch = cases(800)
    sent = [np.array(json.loads(case.body)["instances"][0]).tobytes() for case in batch if case.label is not None]
    assert len(sent) == 600
    assert len(set(sent)) == 400
    assert not trained & set(sent)
