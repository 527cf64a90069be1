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

# A process shares connections by address. An engine that is given the port of an ended one would meet the ended one's
# connection, which fails without a new attempt for up to two minutes ("Resource monitor has terminated").
_OWN_CONNECTIONS = ("grpc.use_local_subchannel_pool", 1)
if _OWN_CONNECTIONS not in _GRPC_CHANNEL_OPTIONS:
    _GRPC_CHANNEL_OPTIONS.append(_OWN_CONNECTIONS)  # the SDK reads this list for every channel


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
