"""`make bench-preview`: the time of a preview of many models beside the same objects written by hand. Figures: docs/measurements.md.

Both programs run on the real engine, in turns, with a provider whose cluster is not known yet, as in the first preview of a stack on AWS.
"By hand" means: the objects that the models' program registers, by the SDK's class for each, as a person writes them, with the same
dependencies and no component above them, and with Python's own settings of its garbage collector.
"""

from __future__ import annotations

import argparse
import functools
import gc
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random
from pulumi_kubernetes.apiextensions import CustomResource

from scripts.errors import DriverError
from stacks.collector import collect_rarely
from tests.engine.harness import Stack
from tests.engine.previews import this_machine
from tests.graph.models_alone import build_on
from tests.graph.recording import Graph, Resource, record_component
from tests.model_files import classifier, text_generation, whole

_SNAKE = re.compile("(?<=[a-z])(?=[A-Z])")
WANTED_RATIO = 1.3
ROUNDS = 3
PYTHONS_THRESHOLDS = gc.get_threshold()


def entries(count: int) -> dict[str, Any]:
    """Return so many models: classifiers, language models and custom servers in turn."""
    kinds: list[Callable[[int], dict[str, Any]]] = [
        lambda number: classifier(source=f"s3://models/classifier-{number}/model.pt"),
        lambda number: text_generation(source=f"s3://models/text-{number}-end"),
        lambda number: {"server": {"kind": "custom", "image": f"registry.example/custom:{number}"}, "scaling": {"metric": "rps"}},
    ]
    return {f"model-{number}": kinds[number % len(kinds)](number) for number in range(count)}


def provider() -> k8s.Provider:
    """A provider of a cluster that does not exist yet: its kubeconfig is unknown."""
    return k8s.Provider("cluster", kubeconfig=pulumi_random.RandomPassword("unknown", length=8).result)


def by_models(count: int) -> Callable[[], None]:
    values = whole(models=entries(count))

    def program() -> None:
        collect_rarely()
        build_on(values, pulumi.ResourceOptions(providers=[provider()]))

    return program


def by_hand(recorded: Graph) -> Callable[[], None]:
    """The recorded objects in an order in which each comes after what it depends on."""
    objects = [each for each in recorded if each.custom and each.type.startswith("kubernetes:")]

    def program() -> None:
        cluster, made = provider(), dict[str, pulumi.Resource]()
        for each in objects:
            options = pulumi.ResourceOptions(provider=cluster, depends_on=[made[urn] for urn in each.depends_on if urn in made])
            made[each.urn] = _declared(each, options)

    return program


def _declared(each: Resource, options: pulumi.ResourceOptions) -> pulumi.Resource:
    """The object by its class of the SDK; one of an operator's API by the class for all of those."""
    inputs = {_SNAKE.sub("_", key).lower(): value for key, value in _inputs(each).items()}
    made: pulumi.Resource = _class(each.type)(each.name, opts=options, **inputs)
    return made


@functools.cache
def _class(token: str) -> Callable[..., pulumi.Resource]:
    """Looked up once for each type: a person's program names its classes."""
    _, place, kind = token.split(":")
    group, version = place.split("/")
    module = f"pulumi_kubernetes.{group.partition('.')[0]}.{version}"
    known = find_spec(module.rpartition(".")[0]) and find_spec(module)
    found: Callable[..., pulumi.Resource] = getattr(import_module(module), kind) if known else CustomResource
    return found


def _inputs(each: Resource) -> dict[str, Any]:
    return {key: pulumi.Output.secret(value) if key in each.secret_inputs else value for key, value in each.inputs.items()}


def seconds(program: Callable[[], None], environment: dict[str, str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), environment, program)
        _as_in_a_new_process()
        began = time.monotonic()
        done = stack.preview([])
        took = time.monotonic() - began
        if done.code:
            raise DriverError(done.text[-2000:])
        return took


def _as_in_a_new_process() -> None:
    """Both programs run in this process: one must not inherit the other's settings or garbage."""
    gc.unfreeze()
    gc.set_threshold(*PYTHONS_THRESHOLDS)
    gc.collect()


def programs(count: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return the program of so many models, and the one by hand that registers the same objects."""
    return by_models(count), by_hand(record_component(lambda: build_on(whole(models=entries(count)), pulumi.ResourceOptions())))


def compare(count: int, environment: dict[str, str], rounds: int) -> tuple[float, float]:
    """Return the medians in seconds of both programs."""
    both = programs(count)
    times = [[seconds(program, environment) for program in both] for _ in range(rounds)]
    models, hand = (statistics.median(column) for column in zip(*times, strict=True))
    return models, hand


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[50, 100, 200], help="how many (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each program, in turns (default: %(default)s)")
    options = parser.parse_args()
    environment = {**this_machine().environment, "KUBECONFIG": "/nonexistent"}
    ratio = 0.0
    for count in options.models:
        models, hand = compare(count, environment, options.rounds)
        ratio = models / hand
        each = f"{1000 * models / count:.0f} ms a model"
        print(f"{count:4} models: {models:.1f} s; by hand {hand:.1f} s; ratio {ratio:.2f}; {each}")
    return 0 if ratio <= WANTED_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
