"""Cases of the metrics that servers of one kind have."""

from __future__ import annotations

from tests.alerts.case import Case, Series, histogram
from tests.models import CHAT, TEXT_GENERATION

TTFT, QUEUE, CACHE, PREEMPTED = "TimeToFirstTokenHigh", "LLMQueueGrowing", "KVCacheSaturated", "LLMPreemptions"
V1, V2 = TEXT_GENERATION, f"{TEXT_GENERATION}-v2"
WARNING = ({"severity": "warning"},)


def labels(model: str, part: str, pod: str = "a") -> str:
    own = f'namespace="default",model="{model}",inferenceservice="{part}",pod="{part}-predictor-{pod}"'
    return f'{own},model_name="{model}"'


def first_token(quick: str, count: str, model: str = TEXT_GENERATION) -> Series:
    return histogram("vllm:time_to_first_token_seconds", labels(model, model), {"0.25": quick, "0.5": count, "+Inf": count})


def gauge(name: str, values: str, pod: str = "a", part: str = V1, model: str = TEXT_GENERATION) -> Series:
    return {f"vllm:{name}{{{labels(model, part, pod)}}}": values}


CASES = [
    Case(TTFT, "one in five waits", first_token("0+80x30", "0+100x30"), firing=({"severity": "warning", "service": TEXT_GENERATION},)),
    Case(TTFT, "for 2 minutes only", first_token("0+80x30", "0+100x30"), at="2m"),
    Case(TTFT, "three in a hundred wait", first_token("0+97x30", "0+100x30")),
    Case(TTFT, "nobody asks", first_token("80x30", "100x30")),
    Case(TTFT, "a model without such an alert waits", first_token("0+80x30", "0+100x30", "another-model")),
    Case(
        TTFT,
        "one in five waits at the other language model",
        first_token("0+80x30", "0+100x30", CHAT) | first_token("0+100x30", "0+100x30"),
        firing=({"severity": "warning", "service": CHAT},),
    ),
    Case(TTFT, "there are no series"),
    Case(QUEUE, "a dozen wait", gauge("num_requests_waiting", "12x20"), at="5m", firing=({"severity": "warning", "inferenceservice": V1},)),
    Case(
        QUEUE,
        "six wait at each of two pods",
        gauge("num_requests_waiting", "6x20") | gauge("num_requests_waiting", "6x20", "b"),
        at="5m",
        firing=WARNING,
    ),
    Case(
        QUEUE,
        "six wait for each of two versions",
        gauge("num_requests_waiting", "6x20") | gauge("num_requests_waiting", "6x20", part=V2),
        at="5m",
    ),
    Case(
        QUEUE,
        "six wait at each of two language models",
        gauge("num_requests_waiting", "6x20") | gauge("num_requests_waiting", "6x20", part=CHAT, model=CHAT),
        at="5m",
    ),
    Case(
        QUEUE,
        "a dozen wait at the other language model",
        gauge("num_requests_waiting", "12x20", part=CHAT, model=CHAT),
        at="5m",
        firing=({"service": CHAT, "inferenceservice": CHAT},),
    ),
    Case(QUEUE, "ten wait", gauge("num_requests_waiting", "10x20"), at="5m"),
    Case(QUEUE, "it was a minute's burst", gauge("num_requests_waiting", "0x3 50x1 0x20"), at="5m"),
    Case(QUEUE, "there are no series"),
    Case(CACHE, "full", gauge("kv_cache_usage_perc", "0.99x20"), firing=({"severity": "warning", "pod": f"{V1}-predictor-a"},)),
    Case(CACHE, "full for 3 minutes", gauge("kv_cache_usage_perc", "0.99x20"), at="3m"),
    Case(CACHE, "nearly full", gauge("kv_cache_usage_perc", "0.95x20")),
    Case(CACHE, "there are no series"),
    Case(PREEMPTED, "again and again", gauge("num_preemptions_total", "0+1x60"), at="30m", firing=WARNING),
    Case(PREEMPTED, "for 8 minutes", gauge("num_preemptions_total", "0+1x60"), at="8m"),
    Case(PREEMPTED, "once", gauge("num_preemptions_total", "0x5 1x60"), at="30m"),
    Case(PREEMPTED, "long ago", gauge("num_preemptions_total", "40x60"), at="30m"),
    Case(PREEMPTED, "there are no series"),
]
