"""gRPC behaviour that the SDK's provider server lacks: clear errors, and an end with the engine.

The SDK appends a Python traceback to every error.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from google.protobuf.message import Message  # type: ignore[import-untyped]
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from bench.plugins.errors import PluginError

_ORPHAN_CHECK_SECONDS = 1.0


Method = Callable[[ProviderServicer, Message, grpc.aio.ServicerContext], Awaitable[Message]]


def _clear(method: Method) -> Method:
    """The SDK's method, but a PluginError reaches the engine unchanged; any other error keeps its traceback."""

    async def call(self: ProviderServicer, request: Message, context: grpc.aio.ServicerContext) -> Message:
        try:
            return await method(self, request, context)
        except Exception as wrapped:
            # The SDK raises a new exception while it handles the plugin's, which Python keeps as its context.
            if isinstance(wrapped.__context__, PluginError):
                await context.abort(grpc.StatusCode.UNKNOWN, str(wrapped.__context__))
            raise

    return call


class Servicer(ProviderServicer):
    """The SDK's servicer, with clear errors."""

    CheckConfig = _clear(ProviderServicer.CheckConfig)
    DiffConfig = _clear(ProviderServicer.DiffConfig)
    Configure = _clear(ProviderServicer.Configure)
    Check = _clear(ProviderServicer.Check)
    Diff = _clear(ProviderServicer.Diff)
    Create = _clear(ProviderServicer.Create)
    Read = _clear(ProviderServicer.Read)
    Update = _clear(ProviderServicer.Update)
    Delete = _clear(ProviderServicer.Delete)
    Invoke = _clear(ProviderServicer.Invoke)


def serve(provider: Provider, version: str) -> None:
    """Serve until the engine ends this process or is gone itself (a killed `pulumi` leaves no plugin behind)."""
    engine = sys.argv[1] if len(sys.argv) > 1 else ""
    asyncio.run(_serve(Servicer(sys.argv[1:], version, provider, engine)))


async def _serve(servicer: Servicer) -> None:
    parent = os.getppid()
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while os.getppid() == parent:
        await asyncio.sleep(_ORPHAN_CHECK_SECONDS)
    await server.stop(None)
