"""The load on SmolLM against a real server that streams: what is measured of a stream, and which streams are failures."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from scripts.mlops.llm_figures import Objective, Streams
from scripts.mlops.llm_load import connect
from scripts.mlops.load import command
from scripts.mlops.load.measurement import Measurement
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import start
from scripts.mlops.load_test_smollm import SERVICE
from scripts.mlops.openai_requests import Completion
from scripts.mlops.reach import Endpoint
from tests.unit.mlops.fake_kubectl import Kubectl, pod
from tests.unit.mlops.prometheus_server import prometheus
from tests.unit.mlops.streams import event, streamed, token, whole
from tests.unit.mlops.stub_server import Received, Reply, serving

MODEL = "smollm-text-generation"
V1, V2 = "smollm-text-generation-v1", "smollm-text-generation-v2"
TOKENS = 6
Send = Callable[[bytes], None]


def numbered(received: Received) -> int:
    return int(received.body["prompt"].split()[0])


def good(_received: Received) -> Reply:
    return streamed(whole(TOKENS), V1)


def loaded(answer: Callable[[Received], Reply], plan: Plan, seed: int = 0) -> Measurement:
    with serving(answer) as url:
        return start(plan, connect(MODEL, seed, TOKENS, Endpoint(url, urlsplit(url).netloc), timeout=10)).result()


def test_a_first_token_counts_from_when_it_was_asked_for_however_many_others_are_answered_meanwhile() -> None:
    requests, answers = 8, threading.Semaphore(0)
    held: dict[int, float] = {}

    def answer(received: Received) -> Reply:
        came, number = time.perf_counter(), numbered(received)

        def stream(send: Send) -> bool:
            if number == 0:
                for _ in range(requests - 1):
                    assert answers.acquire(timeout=10)
            held[number] = time.perf_counter() - came
            for piece in whole(TOKENS):
                send(piece)
            answers.release()
            return True

        return Reply(stream=stream, served_by=V1)

    run = loaded(answer, Plan(requests=requests, clients=2))
    assert run.failures == {}
    for sample in run.samples:
        assert isinstance(sample.detail, Completion)
        assert sample.detail.tokens == TOKENS
        assert len(sample.detail.gaps) == TOKENS - 1
        assert sum(sample.detail.gaps) <= sample.detail.rest
        assert held[sample.number] <= sample.seconds - sample.detail.rest <= sample.seconds
    figures = Streams(MODEL, "default", (), Objective(first_token=held[0], whole=60), None, on_cpu=True).figures(run)
    assert isinstance(figures["goodput_share"], float)
    assert figures["goodput_share"] <= (requests - 1) / requests


BREAKS = {
    "the answer broke off: .*reset by peer": lambda: streamed(whole(TOKENS)[:3], V1, is_whole=False),
    r"the stream ended without \[DONE\]": lambda: streamed(whole(TOKENS)[:-1], V1),
    "an error in the stream: out of memory": lambda: streamed([token(), event({"error": {"message": "out of memory"}})], V1),
    "status 503: .*": lambda: Reply({"error": "no endpoint"}, status=503, served_by=V1),
}


@pytest.mark.parametrize("reason", BREAKS)
def test_a_stream_that_is_not_whole_is_a_failure_of_its_version_and_is_not_asked_for_again(reason: str) -> None:
    asked: list[int] = []

    def answer(received: Received) -> Reply:
        asked.append(numbered(received))
        return BREAKS[reason]() if asked[-1] % 2 else good(received)

    run = loaded(answer, Plan(requests=10, clients=1))
    assert asked == list(range(10))
    assert run.success_rate == 0.5
    (said,) = run.failures
    assert run.by_version()[V1].success_rate == 0.5
    assert re.fullmatch(reason, said)
    assert all((sample.detail is None) == (sample.number % 2 == 1) for sample in run.samples)


def test_a_reset_before_the_answer_is_a_failure_too() -> None:
    run = loaded(lambda received: Reply(reset=True) if numbered(received) == 3 else good(received), Plan(requests=6, clients=2))
    ((reason, count),) = run.failures.items()
    assert reason.startswith("no answer: ")
    assert count == 1


def test_whole_answers_share_a_connection() -> None:
    connections: set[threading.Thread] = set()

    def answer(received: Received) -> Reply:
        connections.add(threading.current_thread())  # the server has one for each
        return good(received)

    assert loaded(answer, Plan(requests=20, clients=2)).success_rate == 1
    assert len(connections) <= 2


def test_the_same_seed_asks_the_same_whatever_the_warm_up() -> None:
    def prompts(**plan: Any) -> dict[int, str]:  # noqa: ANN401
        seen: dict[int, str] = {}

        def answer(received: Received) -> Reply:
            seen[numbered(received)] = received.body["prompt"]
            return good(received)

        run = loaded(answer, Plan(requests=10, clients=2, **plan), seed=5)
        assert sorted(sample.number for sample in run.samples) == list(range(10))
        return {number: prompt for number, prompt in seen.items() if number >= 0}

    assert prompts() == prompts(warm_up=0.2)


@pytest.mark.slow
def test_a_report_has_every_figure_of_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    kubectl = Kubectl(tmp_path / "bin", services=(V1, V2))
    monkeypatch.setenv("PATH", str(kubectl.folder))
    kubectl.pods([pod(f"{name}-predictor-7d9f-abcde", None, ready=True) for name in (V1, V2)])
    options = [
        "--requests=30",
        "--warm-up=0",
        "--max-p95-ms=10000",
        "--min-rate=0.1",
        f"--json={tmp_path}/r.json",
        f"--png={tmp_path}/r.png",
    ]
    watched = [f"--replicas-of=default/{name}" for name in (V1, V2)]
    with serving(good) as url, prometheus({"DCGM_FI_DEV_GPU_UTIL": "81", "waiting": "5"}, []) as gpus:
        assert command.main(SERVICE, ["--url", url, "--prometheus", gpus, *options, *watched]) == 0
    report = json.loads((tmp_path / "r.json").read_text())
    whole_load = report["whole"]
    assert report["clients"] == 10
    assert whole_load["versions"].keys() == {V1}
    assert whole_load["extra"] == whole_load["versions"][V1]["extra"]
    extra = whole_load["extra"]
    assert (extra["tokens"], extra["prompt_tokens"]) == (30 * TOKENS, 30 * 12)
    assert extra["tokens_per_second"] == pytest.approx(30 * TOKENS / whole_load["seconds"], rel=0.05)
    assert extra["time_to_first_token_ms"]["max"] <= whole_load["latency_ms"]["max"]
    assert list(extra["inter_token_latency_ms"]) == ["avg", "p50", "p95", "p99", "max"]
    assert sum(second["extra"]["tokens"] for second in report["per_second"]) == extra["tokens"]
    assert report["replicas"]["changes"][0]["versions"].keys() == {f"{name}-predictor-7d9f" for name in (V1, V2)}
    assert report["gauges"]["requests_waiting"][0] == {"at": 0, "value": 5}
    (gpu,) = report["conditions"]
    assert (gpu["name"], gpu["measured"], gpu["held"]) == ("GPU use above 60 %", 81, True)
    picture = (tmp_path / "r.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    shown = capsys.readouterr().out
    for words in (
        "time to first token ms",
        "inter token latency ms",
        "tokens per second of a request",
        "goodput share",
        f"tokens {30 * TOKENS}",
    ):
        assert words in shown
    assert "held      GPU use above 60 %: 81.0 %" in shown
    assert shown.endswith("all thresholds held\n")


def test_the_thresholds_of_a_gpu_are_judged_where_one_is(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(good) as url, prometheus({"DCGM_FI_DEV_GPU_UTIL": "41"}, []) as gpus:
        options = ["--url", url, "--requests=10", "--warm-up=0", "--max-p95-ms=10000", "--min-rate=0.1"]
        assert command.main(SERVICE, [*options, "--prometheus", gpus]) == 1
        assert "BROKEN    GPU use above 60 %: 41.0 %" in capsys.readouterr().out
        assert command.main(SERVICE, [*options, "--max-p95-ms=0.001"]) == 1
        shown = capsys.readouterr().out
    assert "is not below 0.001 ms" in shown
    assert "unjudged  GPU use above 60 %: not measured" in shown


def test_a_prometheus_that_does_not_answer_costs_no_load(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(good) as url:
        options = ["--url", url, "--requests=10", "--warm-up=0", "--max-p95-ms=10000", "--min-rate=0.1"]
        assert command.main(SERVICE, [*options, "--prometheus", "http://127.0.0.1:9"]) == 0
    assert "the servers' own metrics are missing: Prometheus does not answer" in capsys.readouterr().err


@pytest.mark.slow
def test_on_cpus_they_are_not_and_the_report_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--warm-up=0", "--cpu", f"--json={tmp_path}/r.json"]
    slow = ["--requests=4", "--rate=8", "--seed=3", f"--png={tmp_path}/r.png"]
    with serving(good) as url:
        assert command.main(SERVICE, ["--url", url, *options, *slow]) == 0, "less than ten a second are no failure there"
        shown = capsys.readouterr().out
        assert command.main(SERVICE, ["--url", url, *options, "--requests=10", "--max-p95-ms=0.001"]) == 1, (
            "but what somebody asks for is judged"
        )
        assert "is not below 0.001 ms" in capsys.readouterr().out
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["thresholds"]["rate"], report["thresholds"]["success_rate"]) == (0, 1)
    conditions = {each["name"]: each for each in report["conditions"]}
    assert conditions.keys() == {"P95 below 500 ms", "10 answers per second", "GPU use above 60 %"}
    assert all(each["held"] is None and each["measured"] is None and "on CPU" in each["said"] for each in conditions.values())
    assert shown.endswith("all thresholds that were judged held\n")
    for name in conditions:
        assert f"unjudged  {name}: not measured: vLLM runs on CPU" in shown


def test_a_lost_stream_breaks_the_thresholds_on_cpus_too() -> None:
    def answer(received: Received) -> Reply:
        return streamed(whole(TOKENS)[:3], V1, is_whole=False) if numbered(received) == 4 else good(received)

    with serving(answer) as url:
        assert command.main(SERVICE, ["--url", url, "--requests=10", "--warm-up=0", "--cpu"]) == 1


def test_replicas_are_counted_in_one_namespace(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(SERVICE, ["--url", "http://127.0.0.1:9/", "--replicas-of=a/x", "--replicas-of=b/y"])
    assert "--replicas-of counts in one namespace" in capsys.readouterr().err
