"""The provider: it generates a text once and keeps it in the state; any changed input makes a new one."""

from __future__ import annotations

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from bench.plugins.errors import PluginError, Properties
from bench.plugins.random.text import TextSpec
from bench.plugins.urn import own_type

PASSWORD = "random:index/randomPassword:RandomPassword"  # noqa: S105  # a type token
STRING = "random:index/randomString:RandomString"
_OUTPUTS = {"result", "bcryptHash", "id"}


class RandomProvider(sdk.Provider):
    """RandomPassword and RandomString. `bcryptHash` stays unset: Python has no bcrypt without another package."""

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        token = own_type(request.type)
        if token not in (PASSWORD, STRING):
            raise PluginError(f"{token} is not supported by the bench's random plugin; install the official plugin to use it")
        failures = []
        if not any(value.value == rpc.UNKNOWN for value in request.new_inputs.values()):
            try:
                TextSpec.parse(_plain(request.new_inputs))
            except ValueError as error:
                failures.append(sdk.CheckFailure("length", str(error)))
        return sdk.CheckResponse(request.new_inputs, failures)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        old = {name: value for name, value in request.old_state.items() if name not in _OUTPUTS}
        names = {*old, *request.new_inputs}
        changed = sorted(name for name in names if not _same(old.get(name), request.new_inputs.get(name)))
        detailed = {name: sdk.PropertyDiff(sdk.PropertyDiffKind.UPDATE_REPLACE, True) for name in changed}
        return sdk.DiffResponse(changes=bool(changed), replaces=changed, diffs=changed, detailed_diff=detailed)

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        if request.preview:
            return sdk.CreateResponse("", request.properties)
        text = TextSpec.parse(_plain(request.properties)).generate()
        secret = own_type(request.type) == PASSWORD
        resource_id = "none" if secret else text  # an id is never secret, so it must not be the password
        return sdk.CreateResponse(resource_id, {**request.properties, "result": PropertyValue(text, is_secret=secret)})

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Do nothing: the text exists only in the state."""


def _same(old: PropertyValue | None, new: PropertyValue | None) -> bool:
    return (old.value if old else None) == (new.value if new else None)


def _plain(inputs: Properties) -> dict[str, object]:
    return {name: value.value for name, value in inputs.items() if value.value is not None}
