"""Node groups that exist in one file: the size that runs, and every scaling configuration that was sent. As the provider treats them."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from bench.plugins.errors import Properties
from bench.plugins.servicer import serve

FILE = "FAKE_NODE_GROUPS"
SCALING = "scalingConfig"


class NodeGroups(sdk.Provider):
    """Sends the whole scaling configuration with an update, and reads the running size as an input."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        return sdk.CheckResponse(request.new_inputs, [])

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        return sdk.CheckResponse(request.new_inputs, [])

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        return sdk.DiffResponse(changes=request.old_state[SCALING] != request.new_inputs[SCALING])

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        if not request.preview:
            self._send(request.properties)
        return sdk.CreateResponse("group", request.properties)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        if not request.preview:
            self._send(request.news)
        return sdk.UpdateResponse(request.news)

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        live = {name: PropertyValue(float(value)) for name, value in self._kept()["live"].items()}
        found = {**request.inputs, SCALING: PropertyValue(live)}
        return sdk.ReadResponse(request.resource_id, found, found)

    def _send(self, inputs: Properties) -> None:
        scaling: Any = inputs[SCALING].value
        sent = {name: int(value.value) for name, value in scaling.items()}
        self._file.write_text(json.dumps({"live": sent, "sent": [*self._kept()["sent"], sent]}))

    def _kept(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(self._file.read_text())
        return kept


def main() -> None:
    serve(NodeGroups(Path(os.environ[FILE])), version("pulumi-aws"))
