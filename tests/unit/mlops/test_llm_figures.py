"""First tokens, pace, tokens and goodput of answers that are known exactly; and a GPU that is measured, or not, and then says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.observability.alerts.servers import FIRST_TOKEN_SECONDS
from components.serving.metrics import INTERVAL
from scripts.mlops.llm_figures import ON_CPU, SECONDS_BETWEEN_SCRAPES, Objective, Streams
from scripts.mlops.llm_load import FIRST_TOKEN_MS, service
from scripts.mlops.load.extra import Condition
from scripts.mlops.load.measurement import Measurement, Sample
from scripts.mlops.load.options import read
from scripts.mlops.load.thresholds import Thresholds
from scripts.mlops.load_test_smollm import SERVICE
from scripts.mlops.openai_requests import Completion
from tests.unit.mlops.prometheus_server import prometheus

STREAMS = Streams("some-llm", "texts", (), Objective(first_token=0.25, whole=0.5), prometheus=None, on_cpu=False)


def answered(number: int, seconds: float, rest: float, gaps: tuple[float, ...] = (), tokens: int = 10) -> Sample:
    return Sample(number, number, seconds, None, "v1", Completion(rest, gaps, 100, tokens))


def test_figures_are_those_of_the_answers() -> None:
    samples = (
        answered(0, 0.4, 0.3, (0.1, 0.2)),
        answered(1, 0.45, 0.15, tokens=9),  # first token after 0.3 s: too late
        answered(2, 0.6, 0.5),  # whole after 0.6 s: too late
        Sample(3, 3.0, 0.1, "the stream ended without [DONE]", "v1"),
        answered(4, 0.5, 0.25, (0.25,)),  # at both bounds
    )
    found = dict(STREAMS.figures(Measurement(samples, 4.0, 0.0)))
    assert found["time_to_first_token_ms"] == pytest.approx([100, 300, 100, 250])
    assert found["inter_token_latency_ms"] == pytest.approx([100, 200, 250])
    assert found["tokens_per_second_of_a_request"] == pytest.approx([25, 20, 10 / 0.6, 20])
    assert found["tokens_per_second"] == 39 / 4
    assert found["tokens"] == 39
    assert found["prompt_tokens"] == 400
    assert found["goodput_share"] == 2 / 5, "of all that were sent"
    assert found["goodput_per_second"] == 2 / 4


def test_of_no_answer_there_is_nothing_to_say() -> None:
    failed = Measurement((Sample(0, 0.0, 0.1, "no answer", "unknown"),), 1.0, 0.0)
    found = STREAMS.figures(failed)
    assert (found["time_to_first_token_ms"], found["tokens_per_second"], found["goodput_share"]) == ([], 0, 0)
    assert STREAMS.figures(Measurement((), 0.0, 0.0))["goodput_share"] == 0


@pytest.mark.parametrize(("used", "held"), [("75.25", True), ("60", False), ("12.5", False)])
def test_the_use_of_the_gpu_is_judged_over_the_run(used: str, held: bool) -> None:
    queries: list[str] = []
    with prometheus({"DCGM_FI_DEV_GPU_UTIL": used}, queries) as url:
        (condition,) = replace(STREAMS, prometheus=url).conditions(1000.0, 1033.4)
    assert condition.measured == pytest.approx(float(used), abs=0.1)
    assert condition.held is held
    assert queries == [
        'avg(avg_over_time(DCGM_FI_DEV_GPU_UTIL{exported_namespace="texts",exported_pod=~"some-llm(-.+)?-predictor-.+"}[33s]))'
    ]


def test_a_gpu_that_nobody_measured_is_not_judged() -> None:
    def said(streams: Streams) -> list[Condition]:
        conditions = streams.conditions(0.0, 60.0)
        assert all(each.held is None and each.measured is None for each in conditions)
        return conditions

    assert said(STREAMS)[0].said == "not measured: --prometheus names no address"
    with prometheus({}, []) as url:
        assert "has no GPU of some-llm in those 60 s" in said(replace(STREAMS, prometheus=url))[0].said
    assert "does not answer" in said(replace(STREAMS, prometheus="http://127.0.0.1:9"))[0].said
    on_cpu = said(replace(STREAMS, prometheus="http://127.0.0.1:9", on_cpu=True, excused=("P95 below 500 ms",)))
    assert [(each.name, each.said) for each in on_cpu] == [("P95 below 500 ms", ON_CPU), ("GPU use above 60 %", ON_CPU)]


def test_the_queue_is_what_prometheus_has_seen_of_it() -> None:
    queries: list[str] = []
    with prometheus({"waiting": "7", "running": "NaN"}, queries) as url:
        found = replace(STREAMS, prometheus=url, on_cpu=True).gauges(1000.0, 1040.0)
        replace(STREAMS, parts=("some-llm-v1", "some-llm-v2"), prometheus=url).gauges(1000.0, 1040.0)
    assert found == {"requests_waiting": [(1000, 7), (1015, 7), (1030, 7)], "requests_running": []}
    assert queries[0] == 'sum(vllm:num_requests_waiting{namespace="texts",inferenceservice=~"some-llm(-.+)?"})'
    assert queries[-1] == 'sum(vllm:num_requests_running{namespace="texts",inferenceservice=~"(some-llm-v1|some-llm-v2)"})'
    assert STREAMS.gauges(1000.0, 1040.0) == {}, "nobody to ask"
    assert f"{SECONDS_BETWEEN_SCRAPES}s" == INTERVAL, "the load core stays free of pulumi"


def test_the_bound_of_a_first_token_is_the_alerts() -> None:
    assert FIRST_TOKEN_MS == 1000 * FIRST_TOKEN_SECONDS, "the load runs in pods that lack what alerts are made with"


def test_smollm_keeps_the_thresholds_that_are_documented() -> None:
    assert SERVICE.thresholds == Thresholds(p95_ms=500, rate=10, success_rate=1)


@pytest.mark.parametrize(
    ("url", "namespace"),
    [("http://llm.texts.svc.cluster.local/v1/completions", "texts"), ("https://llm.example.com/v1/completions", "default")],
)
def test_the_namespace_of_the_figures_is_the_addresses(url: str, namespace: str) -> None:
    options = read(service("llm", Thresholds(p95_ms=None, rate=0, success_rate=1)), ["--url", url, "--cpu"])
    assert isinstance(options.service.extra, Streams)
    assert (options.service.extra.model, options.service.extra.namespace) == ("llm", namespace)
    assert options.service.extra.excused == (), "without thresholds there is nothing to excuse"
