"""The live check against a stub server: what it accepts, what it refuses, and its exit code."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from images.mnist import digits
from scripts.mlops import test_mnist_inference as live
from scripts.mlops.load import RequestFailed

SCRIPT = Path(live.__file__)
Answer = Callable[[list[Any]], tuple[int, Any]]


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet per answer: two would meet Nagle and delayed ACK, 40 ms each

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, content = answer(json.loads(body)["instances"])
            encoded = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *_args: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}/v1/models/mnist-classifier:predict"
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def one_hot(chosen: int) -> dict[str, Any]:
    probabilities = [0.0] * 10
    probabilities[chosen] = 1.0
    return {"predictions": [{"class": chosen, "probabilities": probabilities}]}


@pytest.fixture(scope="module")
def right() -> Answer:
    source = digits.load()
    known = {np.round(image.astype(float), 4).tobytes(): int(label) for image, label in zip(source.images, source.labels, strict=True)}
    return lambda instances: (200, one_hot(known.get(np.array(instances[0]).tobytes(), 0)))


def run(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--url", url, "--requests", "400", "--max-p95-ms", "10000", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def test_a_right_server_passes(right: Answer) -> None:
    with server(right) as url:
        done = run(url, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert report["accuracy"] == 1
    assert report["success_rate"] == 1
    assert report["held_out_digits"] == 300
    assert report["broken_thresholds"] == []
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p95"] <= report["latency_ms"]["p99"]


def test_a_server_that_guesses_fails_on_accuracy() -> None:
    with server(lambda _instances: (200, one_hot(3))) as url:
        done = run(url)
    assert done.returncode == 1
    assert "accuracy 0.0900 is below 0.95" in done.stdout
    assert "all thresholds held" not in done.stdout


def test_a_server_that_sometimes_fails_breaks_the_success_rate(right: Answer) -> None:
    calls = iter(range(10_000))
    with server(lambda instances: (503, {"error": "busy"}) if next(calls) % 100 == 50 else right(instances)) as url:
        done = run(url, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["failures"] == {'status 503: {"error": "busy"}': 4}
    assert any(line.startswith("success rate") for line in report["broken_thresholds"])


def test_a_slow_server_breaks_the_latency_threshold(right: Answer) -> None:
    with server(right) as url:
        done = run(url, "--max-p95-ms", "0.001")
    assert done.returncode == 1
    assert "is not below 0.001 ms" in done.stdout


def test_an_address_without_an_answer_is_one_clear_line() -> None:
    done = run("http://127.0.0.1:9/v1/models/x:predict")
    assert done.returncode == 2
    assert done.stderr.startswith("error: http://127.0.0.1:9/")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("options", [["--requests", "399"], ["--concurrency", "0"], ["--rate", "0"], ["--url", "mnist"]])
def test_a_wrong_option_is_refused(options: list[str]) -> None:
    done = run("http://127.0.0.1:9/", *options)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


PROBABILITIES = one_hot(3)["predictions"][0]["probabilities"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"predictions": []},
        {"predictions": [3]},
        {"predictions": [{"class": 3}]},
        {"predictions": [{"class": 3, "probabilities": PROBABILITIES[:9]}]},
        {"predictions": [{"class": 3, "probabilities": [0.2] * 10}]},
        {"predictions": [{"class": 3, "probabilities": [-0.5, 1.5, *[0.0] * 8]}]},
        {"predictions": [{"class": 3, "probabilities": ["a"] * 10}]},
        {"predictions": [{"class": 4, "probabilities": PROBABILITIES}]},
        {"predictions": [{"class": "3", "probabilities": PROBABILITIES}]},
    ],
)
def test_an_answer_that_breaks_the_protocol_is_a_failure(answer: dict[str, Any]) -> None:
    with pytest.raises(RequestFailed):
        live.predicted_class(json.dumps(answer).encode())


def test_the_right_answer_is_accepted() -> None:
    assert live.predicted_class(json.dumps(one_hot(3)).encode()) == 3


def test_cases_are_held_out_digits_and_random_images() -> None:
    source = digits.load()
    trained = {np.round(source.images[i].astype(float), 4).tobytes() for i in digits.split(source.labels).train}
    batch = live.cases(800)
    sent = [np.array(json.loads(case.body)["instances"][0]).tobytes() for case in batch if case.label is not None]
    assert len(sent) == 600
    assert len(set(sent)) == 400
    assert not trained & set(sent)
