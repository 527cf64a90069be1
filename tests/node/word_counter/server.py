"""A model server with paths of its own: POST /count takes {"text": ...} and answers {"words": n, "release": ...}."""

import itertools
import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 9000
DRAIN_SECONDS = 5
SERVED_BY = f"{os.environ.get('K_REVISION', '')}/{os.environ.get('HOSTNAME', '')}"
NUMBERS = itertools.count(1)
ANSWERED = itertools.count()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self.reply(200, f"# TYPE counted_total counter\ncounted_total {next(ANSWERED)}\n".encode(), "text/plain; version=0.0.4")
        else:
            self.reply(200 if self.path == "/healthy" else 404, b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/count":
            self.reply(404, b"{}")
        elif os.environ["FAULT"] == "refuses" and next(NUMBERS) > int(os.environ["AFTER"]):
            self.reply(400, b'{"error": "the text is too long for this release"}')
        else:
            answer = {"words": len(json.loads(body)["text"].split()), "release": os.environ["RELEASE"], "unit": os.environ["UNIT"]}
            self.reply(200, json.dumps(answer).encode())

    def reply(self, status: int, content: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Served-By", SERVED_BY)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write no line for every request."""


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128


def main() -> None:
    if not os.environ.get("TOKEN"):
        raise SystemExit("TOKEN is not set")
    server = Server(("0.0.0.0", PORT), Handler)  # noqa: S104 - a pod serves its Service

    def drain() -> None:
        """Serve on while the pod's removal from its Service becomes known everywhere."""
        time.sleep(DRAIN_SECONDS)
        server.shutdown()

    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=drain).start())
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
