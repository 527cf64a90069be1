"""gRPC behaviour that the SDK's provider server lacks: clear errors, resources that are not ready, and an end with the engine.

The SDK appends a Python traceback to every error and cannot say "created, but not healthy". The engine can
(`ErrorResourceInitFailed`); without it, the state would lose an object whose readiness check failed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from google.protobuf.message import Message  # type: ignore[import-untyped]
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from bench.plugins.errors import InitFailedError, PluginError

_ORPHAN_CHECK_SECONDS = 1.0
_LAST_SECONDS = 3.0  # seconds for operations to notice their cancellation and to end their processes


Method = Callable[[ProviderServicer, Message, grpc.aio.ServicerContext], Awaitable[Message]]


def _clear(method: Method) -> Method:
    """The SDK's method, but a PluginError reaches the engine unchanged; any other error keeps its traceback."""

    async def call(self: ProviderServicer, request: Message, context: grpc.aio.ServicerContext) -> Message:
        try:
            return await method(self, request, context)
        except Exception as wrapped:
            # The SDK raises a new exception while it handles the plugin's, which Python keeps as its context.
            error = wrapped.__context__
            if isinstance(error, PluginError):
                await context.abort(grpc.StatusCode.UNKNOWN, str(error), _metadata(error))
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


def _metadata(error: PluginError) -> tuple[tuple[str, bytes], ...]:
    if not isinstance(error, InitFailedError):
        return ()
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=PropertyValue.marshal_map(error.properties),
        reasons=error.reasons,
        inputs=PropertyValue.marshal_map(error.inputs) if error.inputs is not None else None,
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    return (("grpc-status-details-bin", status.SerializeToString()),)


def serve(provider: Provider, version: str) -> None:
    """Serve until the engine ends this process or is gone itself (a killed `pulumi` leaves no plugin behind)."""
    engine = sys.argv[1] if len(sys.argv) > 1 else ""
    asyncio.run(_serve(provider, Servicer(sys.argv[1:], version, provider, engine)))


async def _serve(provider: Provider, servicer: Servicer) -> None:
    parent = os.getppid()
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while os.getppid() == parent:
        await asyncio.sleep(_ORPHAN_CHECK_SECONDS)
    await provider.cancel()
    await asyncio.sleep(_LAST_SECONDS)
    os._exit(1)  # threads that still wait for a cluster must not keep the process alive
