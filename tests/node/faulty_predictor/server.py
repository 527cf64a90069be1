"""A V1 predictor of MNIST's shape that answers rightly, with always the same digit, until its fault begins."""

import argparse
import itertools
import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CRASH, ERRORS, SLOW = "crash", "errors", "slow"
SLOW_SECONDS = 0.3
"""Many times what the predictor needs, also on a busy machine."""
DRAIN_SECONDS = 5
ANSWER = json.dumps({"predictions": [{"class": 0, "probabilities": [0.91] + [0.01] * 9}]}).encode()
SERVED_BY = f"{os.environ.get('K_REVISION', '')}/{os.environ.get('HOSTNAME', '')}"
EXIT_CODE = 3


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, model: str, fault: str, after: int) -> None:
        super().__init__(("0.0.0.0", port), Handler)  # noqa: S104 - a pod serves its Service
        self.path, self.fault, self.after = f"/v1/models/{model}", fault, after
        self.numbers = itertools.count(1)

    def drain(self) -> None:
        """A pod's removal from its Service takes a while to be known everywhere."""
        time.sleep(DRAIN_SECONDS)
        self.shutdown()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Health: it looks well whatever it does to requests."""
        self.reply(200 if self.path in ("/", self.server.path) else 404, b"{}")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != f"{self.server.path}:predict":
            self.reply(404, b"{}")
        elif next(self.server.numbers) <= self.server.after:
            self.reply(200, ANSWER)
        elif self.server.fault == ERRORS:
            self.reply(500, b'{"error": "as it was built to"}')
        elif self.server.fault == CRASH:
            os._exit(EXIT_CODE)
        else:
            time.sleep(SLOW_SECONDS)
            self.reply(200, ANSWER)

    def reply(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Served-By", SERVED_BY)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Not a line for every request."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model_name", default="mnist-classifier")
    parser.add_argument("--model_dir", help="taken, as of every server, and not read")
    parser.add_argument("--http_port", type=int, default=8080)
    options = parser.parse_args()
    server = Server(options.http_port, options.model_name, os.environ["FAULT"], int(os.environ["AFTER"]))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.drain).start())
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
