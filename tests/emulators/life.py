"""`python -m tests.emulators.life URL|moto REGION < stack.json`: the life of a stack on an emulator; prints a line for each refusal.

Runs in the emulators' own folder of packages, which has boto3 (tests/emulators/requirements.txt).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import moto
from botocore.config import Config

from tests.emulators.network import NETWORK
from tests.emulators.references import ID, References
from tests.emulators.resource import Aws, Inputs, Kind, Made
from tests.emulators.services import SERVICES

KINDS: dict[str, Kind] = {**NETWORK, **SERVICES}


class Life:
    """`resources`: of a recorded stack in their order, each with `type`, `name`, `inputs` and the `arn` that the recording made up."""

    def __init__(self, aws: Aws, resources: list[dict[str, Any]]) -> None:
        self._aws = aws
        self._resources = resources
        self._references = References()
        self._made: list[tuple[str, Kind, Inputs, Made]] = []

    def refusals(self) -> Iterator[str]:
        """Make all in order, read all, delete all in reverse. Yield whatever an API refuses or answers with another value."""
        for resource in self._resources:
            yield from self._tried(f"make {resource['type']} {resource['name']}", lambda each=resource: self._make(each))
        for key, kind, inputs, made in self._made:
            yield from self._tried(f"read {key}", lambda k=kind, i=inputs, m=made: self._differences(k, i, m))
        for key, kind, inputs, made in reversed(self._made):
            yield from self._tried(f"delete {key}", lambda k=kind, i=inputs, m=made: k.delete(self._aws, i, m))

    def _tried(self, what: str, call: Any) -> Iterator[str]:  # noqa: ANN401 - any call
        try:
            found = list(call() or ())
        except Exception as error:  # whatever it is, it is a refusal with its reason
            yield f"{what}: {type(error).__name__}: {error}"
            return
        if what.startswith("read "):
            yield from (f"{what}: {difference}" for difference in found)

    def _make(self, resource: dict[str, Any]) -> None:
        inputs = self._references.real(resource["inputs"])
        short = resource["type"].rpartition(":")[2]
        if short == "NatGateway":
            # The recording's monitor knows no allocation: it is the address of the same name.
            inputs["allocationId"] = self._references.ids["Eip", f"{resource['name']}{ID}"]
        kind = KINDS[resource["type"]]
        made = kind.make(self._aws, inputs)
        self._made.append((f"{short} {resource['name']}", kind, inputs, made))
        self._references.ids[short, f"{resource['name']}{ID}"] = made.id
        if made.arn:
            self._references.texts[resource["arn"]] = made.arn
        for name, value in made.facts.items():
            self._references.texts[resource["facts"][name]] = value
        if short == "Key":
            self._references.texts[resource["facts"]["keyId"]] = made.id

    def _differences(self, kind: Kind, inputs: Inputs, made: Made) -> Iterator[str]:
        for name, found in kind.read(self._aws, inputs, made).items():
            if _comparable(found) != _comparable(inputs.get(name)):
                yield f"{name} is {found!r}, declared {inputs.get(name)!r}"


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
    for refusal in Life(clients, json.load(sys.stdin)).refusals():
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
