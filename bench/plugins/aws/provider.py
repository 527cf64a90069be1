"""The provider that the engine calls: it answers checks and previews and refuses everything that needs an account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NoReturn, Protocol

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from bench.plugins.aws import formats, limits, outputs, relations
from bench.plugins.aws.check import Leaf, Problem, arguments
from bench.plugins.aws.sdk_types import Field, ResourceType, Scalar, fields, provider_arguments, resource_type
from bench.plugins.aws.service_models import ServiceModels
from bench.plugins.errors import PluginError, Properties
from bench.plugins.urn import own_type

_ENGINES_OWN = {"version", "pluginDownloadURL"}
"""Inputs that the engine adds to a provider's inputs."""


class Log(Protocol):
    """A log that the user of `pulumi` sees."""

    async def warn(self, message: str) -> None: ...


class AwsProvider(sdk.Provider):
    """Checks arguments against the SDK of `version` and AWS's service models, and previews creates and updates."""

    def __init__(self, version: str, models: ServiceModels, log: Log) -> None:
        self._version = version
        self._models = models
        self._log = log
        self._announced = False

    async def get_schema(self, _request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:
        return sdk.GetSchemaResponse('{"name": "aws", "resources": {}}')

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        await self._announce()
        return _answer(request.new_inputs, _config_problems(request.new_inputs))

    async def diff_config(self, _request: sdk.DiffRequest) -> sdk.DiffResponse:
        return sdk.DiffResponse()  # `changes` stays unset: the engine then compares the inputs itself

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        await self._announce()
        return await super().configure(request)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        try:
            kind = resource_type(own_type(request.type))
        except PluginError as error:  # reported together with the mistakes of other resources
            return sdk.CheckResponse(request.new_inputs, [sdk.CheckFailure("", str(error))])
        return _answer(request.new_inputs, self._problems(own_type(request.type), kind, request.new_inputs))

    async def diff(self, _request: sdk.DiffRequest) -> sdk.DiffResponse:
        return sdk.DiffResponse()  # as above; the SDK does not say which changes need a replacement

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        token = own_type(request.type)
        if not request.preview:
            self._refuse(f"creating {token}")
        return sdk.CreateResponse("", outputs.created(resource_type(token), request.properties))

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        token = own_type(request.type)
        if not request.preview:
            self._refuse(f"updating {token}")
        return sdk.UpdateResponse(outputs.updated(resource_type(token), request.olds, request.news))

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        self._refuse(f"reading {own_type(request.type)}")

    async def delete(self, request: sdk.DeleteRequest) -> None:
        self._refuse(f"deleting {own_type(request.type)}")

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        self._refuse(f"calling {request.tok}")

    def _problems(self, token: str, kind: ResourceType, inputs: Properties) -> Iterator[Problem]:
        leaves = []
        for finding in arguments(inputs, kind.arguments):
            if isinstance(finding, Leaf):
                leaves.append(finding)
                yield from formats.problems(token, finding)
                yield from limits.problems(token, finding)
                yield from self._models.problems(token, finding)
            else:
                yield finding
        yield from relations.problems(token, leaves)

    async def _announce(self) -> None:
        if not self._announced:
            self._announced = True
            without = "" if self._models.present else "; allowed words and patterns are checked only after `python -m bench build`"
            await self._log.warn(f"aws is simulated by the bench: arguments are checked and previewed without an account{without}")

    def _refuse(self, what: str) -> NoReturn:
        raise PluginError(
            f"{what}: this is the bench's simulation of aws, which only previews and creates nothing; "
            f"install the official plugin with `pulumi plugin install resource aws {self._version}`"
        )


def _answer(inputs: Properties, problems: Iterator[Problem]) -> sdk.CheckResponse:
    # With a property's name, the engine would also print its value, even a secret one; these messages name the path themselves.
    return sdk.CheckResponse(inputs, [sdk.CheckFailure("", str(problem)) for problem in problems])


def _config_problems(inputs: Properties) -> Iterator[Problem]:
    cls = provider_arguments()
    known = fields(cls)
    given = {wire: value for wire, value in inputs.items() if wire not in _ENGINES_OWN}
    decoded = {wire: _decoded(value, known[wire]) if wire in known else value for wire, value in given.items()}
    return (finding for finding in arguments(decoded, cls) if isinstance(finding, Problem))


def _decoded(value: PropertyValue, field: Field) -> PropertyValue:
    """Decode a provider argument; those that are not strings travel as JSON."""
    if field.type == Scalar("string") or not isinstance(value.value, str):
        return value
    try:
        return PropertyValue(_property_value(json.loads(value.value)).value, value.is_secret)
    except json.JSONDecodeError:
        return value


def _property_value(plain: object) -> PropertyValue:
    if isinstance(plain, dict):
        return PropertyValue({name: _property_value(item) for name, item in plain.items()})
    if isinstance(plain, list):
        return PropertyValue([_property_value(item) for item in plain])
    if isinstance(plain, int) and not isinstance(plain, bool):
        return PropertyValue(float(plain))
    return PropertyValue(plain if isinstance(plain, str | float | bool) else None)
