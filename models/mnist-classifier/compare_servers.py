#!/usr/bin/env python3
"""Measures the predictor against the plain KServe server, in turns, on this machine: throughput at saturation and P95 at a rate.

Both run all the time and are loaded in turns, so that a noisy machine disturbs both alike; the medians of the rounds are
reported. It needs PyTorch, KServe and a weights file: run it in the predictor's image or an environment like it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by path, from any folder

from scripts.mlops.load.measurement import Measurement, RequestFailed, percentile
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.running import Connect, start
from scripts.mlops.load.session import posting

FOLDER = Path(__file__).resolve().parent
NAME = "mnist-classifier"
START_TIMEOUT = 120.0  # seconds
RATE = 100.0
RATED_REQUESTS = 500


def main() -> None:
    """Prints one JSON object."""
    args = _arguments()
    commands = {
        "predictor": ["-m", "mnist.server", f"--model_name={NAME}", f"--model_dir={args.weights.resolve().parent}", "--http_port=18081"],
        "plain": ["plain_server.py", f"--model_name={NAME}", "--http_port=18082", str(args.weights.resolve())],
    }
    with ExitStack() as servers:
        urls = {name: servers.enter_context(_server(command)) for name, command in commands.items()}
        saturation: dict[str, dict[int, list[float]]] = {name: {clients: [] for clients in args.clients} for name in urls}
        rated: dict[str, list[float]] = {name: [] for name in urls}
        for _ in range(args.rounds):
            for clients in args.clients:
                for name, url in urls.items():
                    saturation[name][clients].append(_measured(url, Plan(requests=args.requests, clients=clients)).per_second)
            for name, url in urls.items():
                rated[name].append(1000 * percentile(_measured(url, Plan(requests=RATED_REQUESTS, rate=RATE)).latencies, 95))
    medians = {name: {clients: round(statistics.median(values)) for clients, values in by.items()} for name, by in saturation.items()}
    best = {name: max(by.values()) for name, by in medians.items()}
    report = {
        "requests_per_second": medians,
        "ratio_at_saturation": round(best["predictor"] / best["plain"], 2),
        f"p95_ms_at_{RATE:.0f}_per_second": {name: [round(value, 1) for value in values] for name, values in rated.items()},
    }
    print(json.dumps(report, indent=2))


@contextmanager
def _server(command: list[str]) -> Iterator[str]:
    port = next(part.partition("=")[2] for part in command if part.startswith("--http_port"))
    url = f"http://127.0.0.1:{port}/v1/models/{NAME}:predict"
    process = subprocess.Popen([sys.executable, *command], cwd=FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_answer(url, process)
        yield url
    finally:
        process.kill()
        process.wait()


def _await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _connect(url)()(0)
        except RequestFailed:
            time.sleep(0.5)
        else:
            return
    sys.exit(f"error: {url} did not come up; start it by hand to see why")


def _connect(url: str) -> Connect:
    image = np.round(np.random.default_rng(0).random((28, 28)), 4).tolist()
    return posting(url, urlsplit(url).netloc, [json.dumps({"instances": [image]}).encode()], _not_checked, timeout=30)


def _not_checked(_content: bytes) -> None:
    """Do not check the answers: the servers need the CPU, both send the same ones, and the live check has judged them."""


def _measured(url: str, plan: Plan) -> Measurement:
    measurement = start(plan, _connect(url)).result()
    if measurement.failures:
        sys.exit(f"error: requests failed, so the figures mean nothing: {measurement.failures}")
    return measurement


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Throughput and P95 of the MNIST predictor against a plain kserve.Model server.")
    parser.add_argument("weights", type=Path, help="mnist_cnn_single_gpu.pt")
    parser.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--requests", type=int, default=1500, help="per round at saturation (default: %(default)s)")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 10, 50], help="connections at saturation (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
