"""What a text model says of itself."""

from __future__ import annotations

from tests.alerts.case import Case, Series, histogram

TTFT, QUEUE, CACHE, PREEMPTED = "SmolLMTTFTHigh", "LLMQueueGrowing", "KVCacheSaturated", "LLMPreemptions"
V1 = "smollm-text-generation-v1"
WARNING = ({"severity": "warning"},)


def labels(pod: str = "a", service: str = V1) -> str:
    return f'namespace="default",inferenceservice="{service}",pod="{service}-predictor-{pod}",model_name="smollm-text-generation"'


def first_token(quick: str, count: str, service: str = V1) -> Series:
    return histogram("vllm:time_to_first_token_seconds", labels(service=service), {"0.25": quick, "0.5": count, "+Inf": count})


def gauge(name: str, values: str, pod: str = "a", service: str = V1) -> Series:
    return {f"vllm:{name}{{{labels(pod, service)}}}": values}


CASES = [
    Case(TTFT, "one in five waits", first_token("0+80x30", "0+100x30"), firing=({"severity": "warning", "service": V1[:-3]},)),
    Case(TTFT, "for 2 minutes only", first_token("0+80x30", "0+100x30"), at="2m"),
    Case(TTFT, "three in a hundred wait", first_token("0+97x30", "0+100x30")),
    Case(TTFT, "nobody asks", first_token("80x30", "100x30")),
    Case(TTFT, "another model waits", first_token("0+80x30", "0+100x30", "another-model")),
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
        gauge("num_requests_waiting", "6x20") | gauge("num_requests_waiting", "6x20", service="smollm-text-generation-v2"),
        at="5m",
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
