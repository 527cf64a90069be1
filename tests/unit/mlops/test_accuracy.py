"""The check of answers against a stub server: what it accepts, what it refuses, and its exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.mlops import accuracy, questions
from scripts.mlops import test_mnist_inference as live
from tests.unit.mlops.stub_server import Answer, Received, Reply, one_hot, serving

pytestmark = pytest.mark.slow

SCRIPT = Path(live.__file__)
MODEL = "mnist-classifier"


@pytest.fixture(scope="module")
def right() -> Answer:
    asked = questions.of_folder(MODEL)
    assert asked
    assert asked.labelled
    known: dict[str, Any] = {str(json.loads(body)): label for body, label in asked.labelled(400) if label is not None}

    def answer(received: Received) -> Reply:
        return Reply(one_hot(known.get(str(received.body), 0)))

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
    assert report["labelled_questions"] == 300
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


def of_any_model(url: str, *others: str) -> list[str]:
    return ["--url", url, "--requests", "20", *others]


def test_a_model_whose_questions_have_no_right_answer_is_measured_without_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    completion = {"choices": [{"text": " far away", "finish_reason": "length"}], "usage": {"completion_tokens": 16}}
    options = ["--model", "some-llm", "--protocol", "openai"]
    asked: list[Any] = []

    def answer(received: Received) -> Reply:
        asked.append(received.body["model"])
        return Reply(completion)

    with serving(answer) as url:
        assert accuracy.main([*options, *of_any_model(url)]) == 0
        shown = capsys.readouterr().out
        assert accuracy.main([*options, *of_any_model(url, "--p95-ms=0.001", "--json")]) == 1
    assert "accuracy      not measured: no question to some-llm has a known right answer; success and latency only" in shown
    assert set(asked) == {"some-llm"}
    report = json.loads(capsys.readouterr().out)
    assert (report["requests"], report["accuracy"], report["success_rate"]) == (20, None, 1)
    assert report["broken_thresholds"] == [f"P95 {report['latency_ms']['p95']:.1f} ms is not below 0.001 ms"]


def test_the_objective_counts_unless_the_command_line_says_otherwise(right: Answer) -> None:
    options = ["--model", MODEL, "--requests", "400", "--p95-ms", "0.001"]
    with serving(right) as url:
        assert accuracy.main([*options, "--url", url]) == 1
        assert accuracy.main([*options, "--url", url, "--max-p95-ms", "10000"]) == 0


def test_a_model_that_nobody_knows_a_question_for_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert accuracy.main(["--model", "iris", "--url", "http://127.0.0.1:9/"]) == 2
    assert capsys.readouterr().err.startswith("error: there is nothing to ask iris: write models/iris/questions.py, or a probe")
