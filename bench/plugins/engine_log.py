"""Messages from a plugin to the user of `pulumi`, through the engine."""

from __future__ import annotations

import grpc.aio  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class EngineLog:
    """The engine's log, reached at the address that the engine passes to a plugin."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def warn(self, message: str) -> None:
        async with grpc.aio.insecure_channel(self._address) as channel:
            request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message)
            await engine_pb2_grpc.EngineStub(channel).Log(request)
