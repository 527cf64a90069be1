"""Programs that the engine's tests run in this process: one engine after another may be given the same port."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc  # type: ignore[import-untyped]
import pytest
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

from tests.engine import inline


class _Answer(grpc.GenericRpcHandler):  # type: ignore[misc]
    def service(self, _: object) -> object:
        return grpc.unary_unary_rpc_method_handler(lambda *_: b"here")


def _server(port: int = 0) -> tuple[grpc.Server, int]:
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((_Answer(),))
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, port


def _ask(channel: grpc.Channel) -> object:
    return channel.unary_unary("/engine/ask")(b"")


def test_an_engine_on_the_port_of_an_ended_one_is_reached() -> None:
    assert inline  # it sets the options
    ended, port = _server()
    address = f"127.0.0.1:{port}"
    kept = grpc.insecure_channel(address, options=_GRPC_CHANNEL_OPTIONS)
    assert _ask(kept) == b"here"
    ended.stop(0).wait()
    with pytest.raises(grpc.RpcError):
        _ask(kept)
    server, _ = _server(port)
    try:
        assert _ask(grpc.insecure_channel(address, options=_GRPC_CHANNEL_OPTIONS)) == b"here"
    finally:
        server.stop(0)
