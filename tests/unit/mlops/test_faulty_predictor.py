"""The candidates of the rollout's node tests do what their names say: right at first, and then not."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import pytest

from scripts.mlops.load.measurement import RequestFailed
from scripts.mlops.load.session import posting
from tests import asked

SERVER = Path(__file__).parents[2] / "node/faulty_predictor/server.py"
AFTER = 3


@contextmanager
def running(fault: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {"FAULT": fault, "AFTER": str(AFTER), "K_REVISION": "mnist-00002", "HOSTNAME": "a-pod"}
    with subprocess.Popen([sys.executable, str(SERVER), "--model_dir=/mnt/models", f"--http_port={port}"], env=environment) as process:
        try:
            while not is_ready(port):
                time.sleep(0.01)
            yield process, f"http://127.0.0.1:{port}/v1/models/mnist-classifier:predict"
        finally:
            process.kill()


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/v1/models/mnist-classifier")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.mark.parametrize("fault", ["crash", "errors", "slow"])
def test_the_first_answers_are_right_and_name_the_version(fault: str) -> None:
    with running(fault) as (_, url):
        request = posting(url, "any", [b"{}"], asked.mnist.check, 5)()
        assert {request(number).version for number in range(AFTER)} == {"mnist-00002"}


@pytest.mark.parametrize(("fault", "reason"), [("crash", "no answer"), ("errors", "500")])
def test_then_it_fails(fault: str, reason: str) -> None:
    with running(fault) as (process, url):
        request = posting(url, "any", [b"{}"], asked.mnist.check, 5)()
        for number in range(AFTER):
            request(number)
        with pytest.raises(RequestFailed, match=reason):
            request(AFTER)
        if fault == "crash":
            assert process.wait(5) == 3


def test_then_it_is_slow() -> None:
    with running("slow") as (_, url):
        request = posting(url, "any", [b"{}"], asked.mnist.check, 5)()
        times = []
        for number in range(AFTER + 1):
            began = time.monotonic()
            request(number)
            times.append(time.monotonic() - began)
        assert times[AFTER] > 0.3 > min(times)
