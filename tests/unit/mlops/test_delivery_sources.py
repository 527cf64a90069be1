"""Measurements of a candidate, and lines that a person sees: against a real server, a canned Prometheus, and a fake kubectl."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from components.observability.variants import Variants, variants_of
from components.serving.model import Model
from components.serving.model_service import ModelService
from scripts import live_state
from scripts.errors import DriverError
from scripts.mlops import questions, rollout
from scripts.mlops.delivery.display import Table
from scripts.mlops.delivery.gates import Figures, Window, Windows
from scripts.mlops.delivery.journal import Judged
from scripts.mlops.delivery.kubectl import Kubectl
from scripts.mlops.delivery.plan import Side, Sides, Step
from scripts.mlops.delivery.probes import probing
from scripts.mlops.delivery.prometheus import Beside, Reading, reading, users
from scripts.mlops.delivery.question import Question, question_of
from scripts.mlops.delivery.session import chosen
from scripts.mlops.load.measurement import RequestFailed
from stacks.config import parse
from tests.model_files import classifier, text_generation, whole
from tests.stack_files import MNIST
from tests.unit.mlops.fake_ports import B
from tests.unit.mlops.prometheus_server import prometheus
from tests.unit.mlops.stub_server import Received, Reply, serving
from tests.waiting import wait_for

CANDIDATE, STABLE = "digits-00002", "digits-00001"


def accept(content: bytes) -> None:
    if content != b'"right"':
        raise RequestFailed("answer is wrong")


QUESTION = Question("", b"{}", accept)


def model(given: dict[str, Any], name: str = "digits") -> Model:
    return Model(name=name, entry=ModelService.model_validate(given))


def series(given: dict[str, Any], name: str = "digits") -> Variants:
    found = variants_of(model(given, name))
    assert found
    return found


def sides(candidate: str, stable: str | None) -> Sides:
    return Sides(Side(CANDIDATE, candidate), Side(STABLE, stable) if stable else None)


def right(_: Received) -> Reply:
    return Reply("right")


def failing(_: Received) -> Reply:
    return Reply({"error": "broken"}, status=500)


def test_probes_measure_each_version_at_its_own_address() -> None:
    with serving(failing) as bad, serving(right) as good, probing(sides(bad, good), QUESTION, rate=200, environment={}) as probes:
        wait_for(lambda: probes.look().probes.stable.requests >= 20 and probes.look().probes.candidate.requests >= 20, 10, "probes")
        windows = probes.look().probes
    assert windows.candidate.errors == windows.candidate.requests
    assert windows.stable.errors == 0
    assert windows.stable.p95_seconds is not None
    assert windows.stable.p95_seconds > 0


def test_a_stable_version_that_is_out_of_the_route_is_not_probed() -> None:
    with serving(right) as good, probing(sides(good, None), QUESTION, rate=200, environment={}) as probes:
        wait_for(lambda: probes.look().probes.candidate.requests >= 5, 10, "probes")
        assert probes.look().probes.stable == Window()


def test_a_question_without_a_body_is_a_get() -> None:
    with (
        serving(lambda received: Reply("right" if received.method == "GET" else "wrong")) as url,
        probing(sides(url, None), Question("", None, accept), rate=200, environment={}) as probes,
    ):
        wait_for(lambda: probes.look().probes.candidate.requests >= 5, 10, "probes")
        assert probes.look().probes.candidate.errors == 0


def test_a_model_is_asked_what_its_readiness_is_asked_with() -> None:
    probe = {"path": "/ask", "request": {"a": 1}, "answer": {"type": "object", "required": ["b"]}}
    asked = question_of(model({**classifier(), "probe": probe}))
    assert (asked.path, asked.body, asked.timeout) == ("/ask", b'{"a": 1}', 10)
    asked.check(b'{"b": 2}')
    with pytest.raises(RequestFailed, match="the answer has no b"):
        asked.check(b"{}")


def test_without_a_question_of_its_own_it_is_asked_what_its_protocol_has() -> None:
    asked = question_of(model({"server": {"kind": "custom", "image": "fraud:1"}}, "fraud"))
    assert (asked.path, asked.body) == ("/v1/models/fraud", None)
    asked.check(b"anything with status 200")
    language = question_of(model(text_generation(), "llama"))
    assert (language.path, language.timeout) == ("/v1/completions", 60)


def test_a_model_with_questions_in_its_folder_is_asked_with_them() -> None:
    own = questions.of_folder(MNIST)
    assert own
    asked = question_of(model(classifier(), MNIST))
    assert (asked.path, asked.body) == (f"/v1/models/{MNIST}:predict", own.bodies(1)[0])
    with pytest.raises(RequestFailed):
        asked.check(b"{}")


def test_prometheus_is_asked_for_requests_errors_and_p95_of_each_revision() -> None:
    answers = {
        rf'histogram_quantile.*revision="{CANDIDATE}"': "0.045",
        rf'_count.*revision="{CANDIDATE}".*\[45\]': "3.02",
        rf'_count.*revision="{CANDIDATE}"': "120.4",
        rf'_count.*revision="{STABLE}"}}': "900",
        rf'histogram_quantile.*revision="{STABLE}"': "NaN",
    }
    queries: list[str] = []
    with prometheus(answers, queries) as url, reading(sides("unused", "unused"), url, series(classifier()), {}) as found:
        found.began -= 60
        assert found.look() == Windows(stable=Window(900, 0, None), candidate=Window(120, 3, 0.045))
    assert all('namespace="default"' in query and "[61s]" in query for query in queries)


def test_in_standard_mode_it_is_asked_for_what_the_server_counts() -> None:
    queries: list[str] = []
    answers = {"histogram_quantile": "1.25", "xx": "2", "http_requests_total": "40"}
    both = Sides(Side("llama-v2", "unused"), Side("llama", "unused"))
    with prometheus(answers, queries) as url, reading(both, url, series(text_generation(), "llama"), {}) as found:
        found.began -= 60
        assert found.look() == Windows(Window(40, 2, 1.25), Window(40, 2, 1.25))
    labels = '{namespace="default",inferenceservice="llama-v2"'
    assert queries[3:] == [
        f'sum(increase(http_requests_total{labels},handler=~"/v1/.+"}}[61s]))',
        f'sum(increase(http_requests_total{labels},handler=~"/v1/.+",status=~"[45]xx"}}[61s]))',
        f"histogram_quantile(0.95, sum by (le) (increase(vllm:e2e_request_latency_seconds_bucket{labels}}}[61s])))",
    ]


def test_a_server_that_does_not_count_its_requests_is_measured_by_probes_alone() -> None:
    assert variants_of(model({"server": {"kind": "custom", "image": "fraud:1"}})) is None


def test_a_short_time_is_not_asked_about() -> None:
    """A range that reaches back before the step would count the step before it."""
    queries: list[str] = []
    with prometheus({}, queries) as url, reading(sides("unused", "unused"), url, series(classifier()), {}) as found:
        assert found.look() is None
    assert queries == []


def test_a_prometheus_that_does_not_answer_is_said() -> None:
    with reading(sides("unused", "unused"), "http://127.0.0.1:9", series(classifier()), {}) as found:
        found.began -= 60
        with pytest.raises(DriverError, match="does not answer"):
            found.look()


OWN = Windows(Window(200, 0, 0.01), Window(200, 4, 0.01))


def test_what_the_rollout_asked_itself_is_no_figure_of_users() -> None:
    everything = Windows(Window(1200, 50, 0.02), Window(500, 34, 0.03))
    assert users(everything, OWN, 100) == Windows(Window(1000, 50, 0.02), Window(300, 30, 0.03))


@pytest.mark.parametrize("requests", [200, 299, 399])
def test_few_users_say_nothing(requests: int) -> None:
    """Fewer than the minimum, or fewer than the rollout's own requests, by which the percentile would be made."""
    assert users(Windows(Window(requests, 0, 0.02), Window(9000, 500, 0.02)), OWN, 100) is None
    assert users(Windows(Window(9000, 0, 0.02), Window(requests, 0, 0.02)), OWN, 100) is None


def test_probes_and_users_are_looked_at_together() -> None:
    class Probes:
        def look(self) -> Figures:
            return Figures(OWN)

    class Everything(Reading):
        def __init__(self, found: Windows | None) -> None:
            self.found = found

        def look(self) -> Windows | None:
            return self.found

    busy = Windows(Window(1000, 0, 0.02), Window(1000, 4, 0.02))
    assert Beside(Probes(), Everything(None), 100).look() == Figures(OWN)
    assert Beside(Probes(), Everything(busy), 100).look() == Figures(OWN, Windows(Window(800, 0, 0.02), Window(800, 0, 0.02)))


def test_a_model_is_named_or_the_only_one() -> None:
    two = parse(whole(mnist={}, smollm={}), "local")
    assert chosen(two, "smollm-text-generation").name == "smollm-text-generation"
    assert chosen(parse(whole(models={"fraud": classifier()}), "local"), None).name == "fraud"
    with pytest.raises(DriverError, match="say which model: --model-name, one of: mnist-classifier, smollm-text-generation"):
        chosen(two, None)
    with pytest.raises(DriverError, match="there is no model mnist; models: mnist-classifier, smollm-text-generation"):
        chosen(two, "mnist")
    with pytest.raises(DriverError, match="one of: none"):
        chosen(parse(whole(), "local"), None)


def test_a_table_shows_a_line_for_each_step() -> None:
    out = io.StringIO()
    table = Table(out)
    windows = Windows(stable=Window(900, 9, 0.010), candidate=Window(100, 0, 0.0123))
    table.show(Step("10 %", 10, {}), 3, windows, "watching")
    table.settle(Judged("10 %", 10, "good", "", 61.0, windows))
    head, line = out.getvalue().splitlines()
    assert line.split() == ["10", "%", "10", "%", "900", "1.0%", "10.0", "ms", "100", "0.0%", "12.3", "ms", "61", "good"]
    assert line.index("100") + 3 == head.index("candidate: requests") + len("candidate: requests")


def kubectl(folder: Path, script: str) -> dict[str, str]:
    program = folder / "kubectl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert live_state.observe(kubectl(tmp_path, "exit 0"), model(classifier())) is None


def test_a_kind_that_the_cluster_does_not_have_is_not_there(tmp_path: Path) -> None:
    environment = kubectl(tmp_path, """echo "error: the server doesn't have a resource type \\"revisions\\"" >&2; exit 1""")
    assert live_state.get(environment, "default", "revisions.serving.knative.dev") is None


def test_a_cluster_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="refused"):
        live_state.observe(kubectl(tmp_path, "echo the connection was refused >&2; exit 1"), model(classifier()))


def test_pods_are_asked_for_by_their_label_in_the_model_s_namespace(tmp_path: Path) -> None:
    script = """case "$*" in *"--namespace bank"*serving.knative.dev/revision=r1*) echo '{"items": [{"a": 1}]}';; esac"""
    pods = Kubectl(kubectl(tmp_path, script), model({**classifier(), "namespace": "bank"}))
    assert pods.pods("r1") == [{"a": 1}]
    assert pods.pods("r2") == []
    assert Kubectl(kubectl(tmp_path, script), model(classifier())).pods("r1") == []


@pytest.mark.parametrize("steps", ["", "ten", "50,10", "10,10", "0,10", "10,101"])
def test_steps_that_are_none_are_refused(steps: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        rollout.arguments(["--stack", "local", "--source", B, "--steps", steps])
    assert ended.value.code == 2
    assert "rising percentages" in capsys.readouterr().err


def test_one_command_does_one_thing() -> None:
    read = rollout.arguments(["--stack", "local", "--source", B, "--model-name", "fraud"])
    assert (read.steps, read.source, read.model_name) == ((10, 50, 100), B, "fraud")
    assert rollout.arguments(["--stack", "local", "--image", "a:1"]).source is None
    for words in (
        ["--rollback", "--source", B],
        ["--rollback", "--image", "a:1"],
        [],
        ["--status", "--rollback"],
        ["--model-name", "fraud"],
    ):
        with pytest.raises(SystemExit):
            rollout.arguments(["--stack", "local", *words])


def test_an_old_word_is_not_taken_for_a_new_one(capsys: pytest.CaptureFixture[str]) -> None:
    """argparse would take --model for --model-name, and the candidate's address for a name."""
    with pytest.raises(SystemExit):
        rollout.arguments(["--stack", "local", "--model", B])
    assert "--model" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--rollback", "--dry-run"],
        ["--status", "--dry-run"],
        ["--source", B, "--max-p95-ratio", "nan"],
        ["--source", B, "--max-p95-ms", "0"],
        ["--source", B, "--interval", "nan"],
        ["--source", B, "--max-error-rate", "-1"],
        ["--source", B, "--json", "/no/such/folder/report.json"],
    ],
)
def test_words_that_would_judge_nothing_or_change_what_they_should_not_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        rollout.arguments(["--stack", "local", *words])
    assert refused.value.code == 2
