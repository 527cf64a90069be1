"""A real HTTP server on this machine that answers as a test says."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET, socket
from threading import Thread
from typing import Any

PATH = "/v1/models/mnist-classifier:predict"


@dataclass(frozen=True)
class Reply:
    """`content` as JSON; `reset` closes the connection in place of an answer, `close` after it, without saying so.

    `stream` writes the body in place of `content`, piece by piece, with the function that it gets. It returns True if the stream is whole,
    otherwise the connection is reset.
    """

    content: Any = field(default_factory=dict)
    status: int = 200
    served_by: str | None = None
    reset: bool = False
    close: bool = False
    stream: Callable[[Callable[[bytes], None]], bool] | None = None


@dataclass(frozen=True)
class Received:
    """A request: its Host, its body as JSON, None for a GET, its path and method."""

    host: str
    body: Any
    path: str
    method: str = "POST"


Answer = Callable[[Received], Reply]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a prediction."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet per answer: two would meet Nagle and delayed ACK, 40 ms each
        disable_nagle_algorithm = True  # nor do the pieces of a stream wait for each other

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            reply = answer(Received(self.headers["host"], json.loads(body or b"null"), self.path, self.command))
            self.close_connection = reply.close or reply.reset
            if reply.reset:
                self._reset()
                return
            content = json.dumps(reply.content).encode()
            self.send_response(reply.status)
            self.send_header(*("transfer-encoding", "chunked") if reply.stream else ("content-length", str(len(content))))
            if reply.served_by is not None:
                self.send_header("x-served-by", reply.served_by)
            self.end_headers()
            if reply.stream is None:
                self.wfile.write(content)
            elif reply.stream(self._chunk):
                self.wfile.write(b"0\r\n\r\n")
            else:
                self._reset()

        do_GET = do_POST  # noqa: N815 - a name of http.server's

        def _chunk(self, piece: bytes) -> None:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()

        def _reset(self) -> None:
            self.close_connection = True
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))  # close() sends a reset

        def log_message(self, *_args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True
        block_on_close = False

        def shutdown_request(self, request: socket | tuple[bytes, socket]) -> None:
            self.close_request(request)  # socketserver would shut it down first, so that no reset is ever sent

    httpd = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}{PATH}"
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def one_hot(chosen: int) -> dict[str, Any]:
    """A right answer of protocol V1."""
    probabilities = [0.0] * 10
    probabilities[chosen] = 1.0
    return {"predictions": [{"class": chosen, "probabilities": probabilities}]}
