"""Where the questions to a model come from, and what a file of questions must have."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from scripts.errors import DriverError
from scripts.mlops import load_test, questions
from scripts.mlops.load.measurement import RequestFailed
from tests.unit.mlops.stub_server import Reply, serving

WHOLE = """
from answers import RIGHT

def bodies(count):
    return [b"{}"] * count

def check(content):
    if content != RIGHT:
        raise ValueError("answer is wrong")
    return 1

ANSWERS_PER_SECOND = 7
"""


def write(root: Path, name: str, **files: str) -> Path:
    folder = root / "models" / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / f"{file}.py").write_text(text)
    return root


def options(*arguments: str) -> Namespace:
    parser = ArgumentParser()
    questions.add_options(parser)
    return parser.parse_args(arguments)


def test_a_file_of_questions_is_asked_and_imports_what_lies_beside_it(tmp_path: Path) -> None:
    found = questions.of_folder("my-model", write(tmp_path, "my-model", questions=WHOLE, answers='RIGHT = b"1"'))
    assert found
    assert found.bodies(2) == [b"{}", b"{}"]
    assert found.check(b"1") == 1
    assert found.answers_per_second == 7
    assert (found.labelled, found.show) == (None, None)
    with pytest.raises(RequestFailed, match="answer is wrong"):
        found.check(b"2")


def test_files_of_two_models_do_not_meet(tmp_path: Path) -> None:
    for name, value in (("first", 1), ("second", 2)):
        write(tmp_path, name, questions=f"def bodies(count): return []\ndef check(content): return {value}\n")
    found = [questions.of_folder(name, tmp_path) for name in ("first", "second")]
    assert [each.check(b"") for each in found if each] == [1, 2]


def test_a_file_that_is_not_whole_says_what_it_lacks(tmp_path: Path) -> None:
    root = write(tmp_path, "my-model", questions="bodies = 5\n")
    with pytest.raises(DriverError, match=r"my-model/questions.py must define bodies and check"):
        questions.of_folder("my-model", root)
    assert questions.of_folder("another", root) is None


def test_a_model_of_openais_protocol_needs_no_file() -> None:
    found = questions.of(options("--model", "some-llm", "--protocol", "openai"))
    (body,) = found.bodies(5)
    assert json.loads(body)["model"] == "some-llm"
    assert found.timeout == questions.PATIENCE
    assert found.labelled is None
    with pytest.raises(RequestFailed, match="wrong schema"):
        found.check(b"{}")


def test_without_a_file_the_request_of_the_probe_is_sent_and_its_schema_judges() -> None:
    schema = {"type": "object", "required": ["outputs"]}
    asked = ["--probe-request", '{"inputs": []}', "--probe-answer", json.dumps(schema)]
    found = questions.of(options("--model", "iris", "--protocol", "v2", *asked))
    assert found.bodies(3) == [b'{"inputs": []}']
    found.check(b'{"outputs": []}')
    with pytest.raises(RequestFailed, match="the answer has no outputs"):
        found.check(b"{}")


def test_a_model_without_any_question_says_what_to_write() -> None:
    with pytest.raises(DriverError, match=r"there is nothing to ask iris: write models/iris/questions.py, or a probe with a request"):
        questions.of(options("--model", "iris"))


def test_the_load_is_judged_by_the_objective_and_by_what_the_file_wants(capsys: pytest.CaptureFixture[str]) -> None:
    probe = ["--model", "iris", "--probe-request", "{}", "--requests", "20", "--json", "-"]
    with serving(lambda _received: Reply("right")) as url:
        assert load_test.main([*probe, "--url", url]) == 0
        assert json.loads(capsys.readouterr().out)["thresholds"] == {"p95_ms": None, "rate": 0, "success_rate": 1}
        assert load_test.main([*probe, "--url", url, "--p95-ms", "0.001"]) == 1
        assert load_test.main([*probe, "--url", url, "--p95-ms", "0.001", "--max-p95-ms", "10000"]) == 0
        capsys.readouterr()
        assert load_test.main(["--model", "mnist-classifier", "--requests", "20", "--json", "-", "--url", url, "--p95-ms", "250"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["thresholds"] == {"p95_ms": 250, "rate": 100, "success_rate": 1}
    assert report["whole"]["failures"] == {"answer has the wrong schema: TypeError": 20}
