"""`python -m tests.emulators.life URL|moto REGION < life.json`: the life of a stack on an emulator; prints a line for each refusal.

The input is a list of graphs, each the stack after a change. Runs in the emulators' own folder of packages, which has boto3
(tests/emulators/requirements.txt).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
import moto
from botocore.config import Config

from tests.emulators.bucket import BUCKETS
from tests.emulators.managed import MANAGED
from tests.emulators.network import NETWORK
from tests.emulators.queues import QUEUES
from tests.emulators.references import ID, References
from tests.emulators.resource import Aws, Inputs, Kind, Made
from tests.emulators.services import SERVICES

KINDS: dict[str, Kind] = {**BUCKETS, **MANAGED, **NETWORK, **QUEUES, **SERVICES}
Resource = dict[str, Any]
"""A resource of a graph: `type`, `name`, `inputs`, and the `arn` and `facts` that the recording made up for it."""


@dataclass
class There:
    """A resource that exists, as it was declared last."""

    kind: Kind
    inputs: Inputs
    made: Made


class Life:
    """A stack, from its first graph to nothing."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._references = References()
        self._there: dict[str, There] = {}

    def refusals(self, graphs: list[list[Resource]]) -> Iterator[str]:
        """Make, read, change, read again, delete in reverse. Yield whatever an API refuses or answers with another value."""
        for graph in graphs:
            for resource in graph:
                key = _key(resource)
                yield from self._tried(f"{'change' if key in self._there else 'make'} {key}", partial(self._declare, resource))
            wanted = {_key(resource) for resource in graph}
            for key in [key for key in reversed(self._there) if key not in wanted]:
                yield from self._tried(f"delete {key}", partial(self._delete, key))
            for key, there in self._there.items():
                yield from self._tried(f"read {key}", partial(self._differences, there))
        for key in list(reversed(self._there)):
            yield from self._tried(f"delete {key}", partial(self._delete, key))

    def _tried(self, what: str, call: Callable[[], list[str] | None]) -> Iterator[str]:
        try:
            yield from (f"{what}: {difference}" for difference in call() or ())
        except Exception as error:  # whatever it is, it is a refusal with its reason
            yield f"{what}: {type(error).__name__}: {error}"

    def _declare(self, resource: Resource) -> None:
        inputs = self._real(resource)
        key = _key(resource)
        if key not in self._there:
            kind = KINDS[resource["type"]]
            self._there[key] = There(kind, inputs, kind.make(self._aws, inputs))
        elif self._there[key].inputs != inputs:
            self._change(self._there[key], inputs)
        self._remember(resource, self._there[key].made)

    def _change(self, there: There, inputs: Inputs) -> None:
        if there.kind.change is None:
            raise NotImplementedError("the emulators' tests know no change of it")
        there.kind.change(self._aws, there.inputs, inputs, there.made)
        there.inputs = inputs

    def _real(self, resource: Resource) -> Inputs:
        inputs: Inputs = self._references.real(resource["inputs"])
        if _short(resource) == "NatGateway":
            # The recording's monitor knows no allocation: it is the address of the same name.
            inputs["allocationId"] = self._references.ids["Eip", f"{resource['name']}{ID}"]
        if _short(resource) == "NodeGroup":
            inputs["launchTemplate"]["version"] = self._there[f"LaunchTemplate {resource['name']}"].made.facts["version"]
        return inputs

    def _remember(self, resource: Resource, made: Made) -> None:
        self._references.ids[_short(resource), f"{resource['name']}{ID}"] = made.id
        facts = {name: made.facts.get(name, "") for name in ("autoscaling", "url")}
        known = {**facts, "keyId": made.id, "name": made.id}
        self._references.texts |= {made_up: known[name] for name, made_up in resource["facts"].items() if known[name]}
        if made.arn:
            self._references.texts[resource["arn"]] = made.arn

    def _delete(self, key: str) -> None:
        there = self._there.pop(key)
        there.kind.delete(self._aws, there.inputs, there.made)

    def _differences(self, there: There) -> list[str]:
        read = there.kind.read(self._aws, there.inputs, there.made)
        declared = {name: there.inputs.get(name) for name in read}
        return [
            f"{name} is {found!r}, declared {declared[name]!r}"
            for name, found in read.items()
            if _comparable(found) != _comparable(declared[name])
        ]


def _short(resource: Resource) -> str:
    kind: str = resource["type"].rpartition(":")[2]
    return kind


def _key(resource: Resource) -> str:
    return f"{_short(resource)} {resource['name']}"


def _comparable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Without regard to the order of lists, or to the spaces of policy documents."""
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return sorted(value, key=str) if isinstance(value, list) else value


def live(url: str | None, region: str) -> None:
    """Without a URL in this process, by moto."""
    keys = {"aws_access_key_id": "111122223333", "aws_secret_access_key": "none"}  # ministack takes the first for the account's number
    settings = Config(retries={"max_attempts": 1})
    clients = Aws(lambda service: boto3.client(service, config=settings, region_name=region, endpoint_url=url, **keys))
    for refusal in Life(clients).refusals(json.load(sys.stdin)):
        print(refusal, flush=True)


def main() -> None:
    where, region = sys.argv[1:]
    if where != "moto":
        live(where, region)
        return
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # without it, moto takes any ARN of a policy
    with moto.mock_aws():
        live(None, region)


if __name__ == "__main__":
    main()
