"""A Prometheus of canned answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit


@contextmanager
def prometheus(answers: dict[str, str], queries: list[str]) -> Iterator[str]:
    """Answers a query by the first of these patterns that is in it; `queries` is what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (query,) = parse_qs(urlsplit(self.path).query)["query"]
            queries.append(query)
            value = next((value for pattern, value in answers.items() if re.search(pattern, query)), None)
            result = [{"metric": {}, "value": [1732200000.0, value]}] if value else []
            content = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()
            self.send_response(200 if urlsplit(self.path).path == "/api/v1/query" else 404)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
