"""Programs that the engine runs in this process, as Pulumi's Automation API does it.

For a program of its own the engine starts a language host, which has pip list what is installed, and a Python that loads the SDK:
together as much processor time as everything else that a small run does. The previews test the language host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
from pulumi.automation._server import LanguageServer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2_grpc


@contextmanager
def runtime(program: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """The `runtime` of a Pulumi.yaml whose program this is, for as long as the context lasts; its end waits for the program's."""
    with ThreadPoolExecutor() as threads:
        server = grpc.server(threads, options=_GRPC_CHANNEL_OPTIONS)
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield {"name": "client", "options": {"address": f"127.0.0.1:{port}"}}
        finally:
            server.stop(None)
