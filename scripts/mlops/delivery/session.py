"""One rollout command, wired: this machine's way to the stack, the strategy of the model's mode, and the measurement of the model."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from components.observability.variants import Variants, variants_of
from components.platform import monitoring
from components.serving.model import Model
from components.serving.sagemaker import placed
from scripts.errors import DriverError
from scripts.mlops.delivery.deployments import deployment
from scripts.mlops.delivery.display import Table
from scripts.mlops.delivery.driver import Rollout
from scripts.mlops.delivery.gates import Gates
from scripts.mlops.delivery.knative_canary import KnativeCanary
from scripts.mlops.delivery.kubectl import Kubectl
from scripts.mlops.delivery.plan import Sides, Step
from scripts.mlops.delivery.ports import Pace, Ports, Watch
from scripts.mlops.delivery.probes import probing
from scripts.mlops.delivery.prometheus import Beside, reading
from scripts.mlops.delivery.pulumi_engine import PulumiEngine
from scripts.mlops.delivery.question import Question, question_of
from scripts.mlops.delivery.stack_file import StackFile
from scripts.mlops.delivery.weighted_versions import WeightedVersions
from scripts.stack_file import stack_file
from stacks.config import StackConfig
from stacks.models import models

ENOUGH_AFTER = 0.5
"""The share of the interval after which there are enough of the rollout's own requests for a judgement."""


class Seconds:
    def now(self) -> float:
        return time.monotonic()

    def epoch(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Session:
    rollout: Rollout
    engine: PulumiEngine
    model: Model
    log: Path


def session(stack: str, name: str | None, gates: Gates, interval: float, out: TextIO) -> Session:
    """`name`: the model's name, or None for the only model. `interval`: seconds. Messages for the user go to `out`.

    Raises DriverError if the model is not in the stack file, or if the stack cannot be reached from here.
    """
    file = StackFile(stack_file(stack))
    found = deployment(stack, file.sections({}))
    config = found.configuration(file.sections({}))
    model = chosen(config, name)
    log = found.folder / f"rollout-{model.name}.log"
    print(f"Pulumi's own words: {log}", file=out, flush=True)
    engine = PulumiEngine(found, log)
    strategy = (KnativeCanary if model.entry.on_knative else WeightedVersions)(model, Kubectl(found.environment, model), found.machine({}))
    pace = Pace(interval=interval)
    watch = Watching(
        question_of(model),
        rate=gates.min_requests / (ENOUGH_AFTER * pace.interval),
        prometheus=prometheus_url(config),
        variants=variants_of(model),
        min_requests=gates.min_requests,
        environment=found.environment,
    )
    journal = found.folder / f"rollout-{model.name}.json"
    ports = Ports(file, strategy, engine, watch, Seconds(), Table(out), journal)
    return Session(Rollout(ports, gates, pace), engine, model, log)


def chosen(config: StackConfig, name: str | None) -> Model:
    """Return the model of this name, or the only one. Raises DriverError, which lists the names."""
    found = {model.name: model for model in models(config)}
    if name in placed(config.models, "sagemaker"):
        raise DriverError(
            f"{name} is on SageMaker, which rolls it out itself: write the new source into Pulumi.<stack>.yaml and run `pulumi up` "
            "(docs/sagemaker.md)"
        )
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name in found:
        return found[name]
    there = ", ".join(found) or "none"
    raise DriverError(f"there is no model {name}; models: {there}" if name else f"say which model: --model-name, one of: {there}")


def prometheus_url(config: StackConfig) -> str | None:
    """Return the address by which pods reach the stack's Prometheus; None if there is none."""
    section = config.monitoring
    if section.enabled:
        return f"http://{monitoring.RELEASE}-prometheus.{monitoring.NAMESPACE}.svc.cluster.local:9090"
    return section.prometheus_url


@dataclass(frozen=True)
class Watching:
    """Always measure by probes: there may be few users, and in the dark there are none. `rate`: probes per second to each version.

    Also measure by users' requests if a Prometheus knows them by version.
    """

    question: Question
    rate: float
    prometheus: str | None
    variants: Variants | None
    min_requests: int
    environment: Mapping[str, str]

    @contextmanager
    def __call__(self, step: Step, sides: Sides) -> Iterator[Watch]:
        with ExitStack() as stack:
            probes = stack.enter_context(probing(sides, self.question, self.rate, self.environment))
            if self.prometheus is None or self.variants is None or step.percent == 0:
                yield probes
            else:
                users = stack.enter_context(reading(sides, self.prometheus, self.variants, self.environment))
                yield Beside(probes, users, self.min_requests)
