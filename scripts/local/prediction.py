"""One real prediction, drawn in the terminal: the proof at the end of `make up`."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from images.mnist import digits
from scripts.errors import DriverError

SHADES = " .:-=+*#%@"


def show_prediction(outputs: Mapping[str, Any], environment: dict[str, str]) -> None:
    """Send a held-out handwritten digit to the MNIST endpoint, and print it with the answer. Raises DriverError when none comes."""
    endpoints: dict[str, str] = outputs["endpoints"]
    url = endpoints["mnist"]
    known = digits.load()
    unseen = known.only(digits.split(known.labels).held_out[:1])
    image, label = unseen.images[0].tolist(), unseen.labels[0]
    with reachable(url, environment) as local_url:
        began = time.monotonic()
        answer = _predict(local_url, image)
        milliseconds = (time.monotonic() - began) * 1000
    print("\nendpoints, from any pod of the cluster:")
    for name, endpoint in endpoints.items():
        print(f"  {name:10} {endpoint}")
    print(f"\none real prediction: a handwritten {label} that the model never saw in training\n")
    for row in image[::2]:
        print("    " + "".join(SHADES[min(int(pixel * len(SHADES)), len(SHADES) - 1)] for pixel in row))
    predicted = answer["predictions"][0]
    print(f"\n  the model says {predicted['class']}, with probability {max(predicted['probabilities']):.3f}, in {milliseconds:.0f} ms")


def _predict(url: str, image: list[list[float]]) -> dict[str, Any]:
    body = json.dumps({"instances": [image]}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 (a URL of our own stack)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return dict(json.load(response))
    except OSError as error:
        raise DriverError(f"{url} does not answer ({error}); see `python -m bench status` and `kubectl get inferenceservices`") from error


@contextmanager
def reachable(url: str, environment: dict[str, str]) -> Iterator[str]:
    """The same endpoint as seen from this machine: through the Service's address where there is a route to it, else a port-forward."""
    parts = urlsplit(url)
    name, namespace = (parts.hostname or "").split(".")[:2]
    service = ["kubectl", "--namespace", namespace, "get", "service", name, "--output", "jsonpath={.spec.clusterIP}"]
    found = subprocess.run(service, env=environment, check=False, capture_output=True, text=True)
    if found.returncode != 0:
        raise DriverError(f"service {namespace}/{name} is not there: {found.stderr.strip()}")
    if _connects(found.stdout, 80):
        yield parts._replace(netloc=found.stdout).geturl()
        return
    with _port_forward(namespace, name, environment) as port:
        yield parts._replace(netloc=f"127.0.0.1:{port}").geturl()


def _connects(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def _port_forward(namespace: str, name: str, environment: dict[str, str]) -> Iterator[int]:
    command = ["kubectl", "--namespace", namespace, "port-forward", f"service/{name}", ":80"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            first = process.stdout.readline()  # "Forwarding from 127.0.0.1:40001 -> 8080"
            if "->" not in first:
                raise DriverError(f"kubectl port-forward to service {namespace}/{name} failed; is the pod ready?")
            yield int(first.split("->")[0].rsplit(":", 1)[1])
        finally:
            process.terminate()
