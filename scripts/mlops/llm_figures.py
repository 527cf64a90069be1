"""Figures of a language model's answers in addition to latency: first tokens, the pace of the others, goodput; and the use of its GPUs."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.errors import DriverError
from scripts.mlops.load.extra import Condition, Figures, Gauges
from scripts.mlops.load.measurement import Measurement, Sample
from scripts.mlops.openai_requests import Completion
from scripts.mlops.prometheus import connected
from scripts.mlops.reach import surroundings

GPU_PERCENT = 60
SECONDS_BETWEEN_SCRAPES = 15
"""components/serving/metrics.py"""
ON_CPU = "not measured: vLLM runs on CPU, and this is a threshold for a GPU"


@dataclass(frozen=True)
class Objective:
    """The longest times that a user should wait, in seconds: for the first token, and for the whole answer."""

    first_token: float
    whole: float


@dataclass(frozen=True)
class Streams:
    """The figures of one model.

    `parts`: its InferenceServices; without them, all whose names begin with the model's. `prometheus`: its address from inside a pod.
    `excused`: names of the GPU's thresholds that are not judged, since vLLM runs on CPU.
    """

    model: str
    namespace: str
    parts: tuple[str, ...]
    objective: Objective
    prometheus: str | None
    on_cpu: bool
    excused: tuple[str, ...] = ()

    def figures(self, part: Measurement) -> Figures:
        """Figures of right answers; goodput is a share of all requests, so a failed one missed its objective. Tokens are generated ones."""
        answers = [(sample, sample.detail) for sample in part.samples if isinstance(sample.detail, Completion)]
        firsts = {sample.number: sample.seconds - answer.rest for sample, answer in answers}
        good = sum(self._is_good(sample, firsts[sample.number]) for sample, _ in answers)
        tokens = sum(answer.tokens for _, answer in answers)
        return {
            "time_to_first_token_ms": [1000 * first for first in firsts.values()],
            "inter_token_latency_ms": [1000 * gap for _, answer in answers for gap in answer.gaps],
            "tokens_per_second_of_a_request": [answer.tokens / sample.seconds for sample, answer in answers],
            "tokens_per_second": tokens / part.seconds if part.seconds else 0.0,
            "tokens": float(tokens),
            "prompt_tokens": float(sum(answer.prompt_tokens for _, answer in answers)),
            "goodput_share": good / len(part.samples) if part.samples else 0.0,
            "goodput_per_second": good / part.seconds if part.seconds else 0.0,
        }

    def conditions(self, began: float, ended: float) -> list[Condition]:
        return [*(Condition(name, None, None, ON_CPU) for name in self.excused), self._gpu(began, ended)]

    def gauges(self, began: float, ended: float) -> Gauges:
        """Return the queue that KEDA scales by, and the requests that vLLM works on."""
        if self.prometheus is None:
            return {}
        servers = f'namespace="{self.namespace}",inferenceservice=~"{self._names}"'
        with connected(self.prometheus, surroundings(self.prometheus)) as prometheus:
            return {
                name: prometheus.history(f"sum(vllm:num_{name}{{{servers}}})", began, ended, SECONDS_BETWEEN_SCRAPES)
                for name in ("requests_waiting", "requests_running")
            }

    @property
    def _names(self) -> str:
        """Return a regular expression for the InferenceServices' names."""
        return f"({'|'.join(self.parts)})" if self.parts else f"{self.model}(-.+)?"

    def _gpu_use(self, seconds: float) -> str:
        """Return the query of the use of all GPUs of the model over these seconds, in percent.

        The exporter's own pod has the label `pod`, so Prometheus renames the label of the pod on the GPU.
        """
        pods = f'exported_namespace="{self.namespace}",exported_pod=~"{self._names}-predictor-.+"'
        return f"avg(avg_over_time(DCGM_FI_DEV_GPU_UTIL{{{pods}}}[{max(1, round(seconds))}s]))"

    def _is_good(self, sample: Sample, first_token: float) -> bool:
        return first_token <= self.objective.first_token and sample.seconds <= self.objective.whole

    def _gpu(self, began: float, ended: float) -> Condition:
        name = f"GPU use above {GPU_PERCENT} %"
        if self.on_cpu:
            return Condition(name, None, None, ON_CPU)
        if self.prometheus is None:
            return Condition(name, None, None, "not measured: --prometheus names no address")
        try:
            with connected(self.prometheus, surroundings(self.prometheus)) as prometheus:
                used = prometheus.value(self._gpu_use(ended - began), ended)
        except DriverError as error:
            return Condition(name, None, None, f"not measured: {error}")
        if used is None:
            return Condition(name, None, None, f"not measured: Prometheus has no GPU of {self.model} in those {ended - began:.0f} s")
        return Condition(name, round(used, 1), used > GPU_PERCENT, f"{used:.1f} %")
