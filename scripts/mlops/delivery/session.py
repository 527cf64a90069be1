"""One rollout command, wired: this machine's way to the stack, the service's strategy, and what measures it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from scripts.mlops.delivery.deployments import deployment
from scripts.mlops.delivery.display import Table
from scripts.mlops.delivery.driver import Rollout
from scripts.mlops.delivery.gates import Gates
from scripts.mlops.delivery.plan import Sides, Step
from scripts.mlops.delivery.ports import Pace, Ports, Watch
from scripts.mlops.delivery.probes import probing
from scripts.mlops.delivery.prometheus import reading
from scripts.mlops.delivery.pulumi_engine import PulumiEngine
from scripts.mlops.delivery.services import SERVICES, Delivered, Kubectl, prometheus_url
from scripts.mlops.delivery.stack_file import StackFile
from scripts.stack_file import stack_file

ENOUGH_AFTER = 0.5
"""Of the interval: by then our own requests alone are as many as a judgement needs."""


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
    log: Path


def session(stack: str, service: str, gates: Gates, interval: float, out: TextIO) -> Session:
    """`interval`: seconds. What a person should see goes to `out`. Raises DriverError where the stack can't be reached from here."""
    file = StackFile(stack_file(stack))
    found = deployment(stack, file.sections({}))
    log = found.folder / f"rollout-{service}.log"
    print(f"Pulumi's own words: {log}", file=out, flush=True)
    engine = PulumiEngine(found, log)
    delivered = SERVICES[service](Kubectl(found.environment), found.machine({}))
    pace = Pace(interval=interval)
    rate = gates.min_requests / (ENOUGH_AFTER * pace.interval)
    watch = Watching(delivered, rate, prometheus_url(engine.configuration(file.sections({}))), found.environment)
    ports = Ports(file, delivered.strategy, engine, watch, Seconds(), Table(out), found.folder / f"rollout-{service}.json")
    return Session(Rollout(ports, gates, pace), engine, log)


@dataclass(frozen=True)
class Watching:
    """Users' requests where there is a Prometheus; in any case some of our own, for there may be few users and, in the dark, are none."""

    delivered: Delivered
    rate: float
    prometheus: str | None
    environment: Mapping[str, str]

    @contextmanager
    def __call__(self, step: Step, sides: Sides) -> Iterator[Watch]:
        with ExitStack() as stack:
            probes = stack.enter_context(probing(sides, self.delivered.question, self.rate, self.environment))
            if self.prometheus is None or step.percent == 0:
                yield probes
            else:
                yield stack.enter_context(reading(sides, self.prometheus, self.delivered.variants, self.environment))
