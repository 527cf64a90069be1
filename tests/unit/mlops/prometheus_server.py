"""A Prometheus of canned answers."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit


@contextmanager
def prometheus(answers: dict[str, str], queries: list[str], certified: tuple[Path, Path] | None = None) -> Iterator[str]:
    """Answers a query by the first of these patterns that is in it, with the same number at every moment of its history.

    `queries`: what it was asked. `certified`: certificate and key, for https.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, fields = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            (query,) = fields["query"]
            queries.append(query)
            value = next((value for pattern, value in answers.items() if re.search(pattern, query)), None)
            numbers: dict[str, object] = (
                {"values": _values(fields, value)} if path == "/api/v1/query_range" else {"value": [1732200000.0, value]}
            )
            result = [{"metric": {}} | numbers] if value else []
            content = json.dumps({"status": "success", "data": {"result": result}}).encode()
            self.send_response(200 if path in {"/api/v1/query", "/api/v1/query_range"} else 404)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if certified:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certified)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"{'https' if certified else 'http'}://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _values(fields: dict[str, list[str]], value: str | None) -> list[tuple[float, str | None]]:
    start, end, step = (float(fields[name][0]) for name in ("start", "end", "step"))
    return [(start + number * step, value) for number in range(int((end - start) / step) + 1)]
