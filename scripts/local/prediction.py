"""One real prediction, drawn in the terminal: the proof at the end of `make up`."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from images.mnist import digits
from scripts.errors import DriverError
from scripts.mlops.reach import Endpoint, reachable

SHADES = " .:-=+*#%@"


def show_prediction(outputs: Mapping[str, Any], environment: dict[str, str]) -> None:
    """Send a held-out handwritten digit to the MNIST endpoint, and print it with the answer. Raises DriverError when none comes."""
    endpoints: dict[str, str] = outputs["endpoints"]
    url = endpoints["mnist"]
    known = digits.load()
    unseen = known.only(digits.split(known.labels).held_out[:1])
    image, label = unseen.images[0].tolist(), unseen.labels[0]
    with reachable(url, environment) as endpoint:
        began = time.monotonic()
        answer = _predict(endpoint, image)
        milliseconds = (time.monotonic() - began) * 1000
    print("\nendpoints, from any pod of the cluster:")
    for name, address in endpoints.items():
        print(f"  {name:10} {address}")
    print(f"\none real prediction: a handwritten {label} that the model never saw in training\n")
    for row in image[::2]:
        print("    " + "".join(SHADES[min(int(pixel * len(SHADES)), len(SHADES) - 1)] for pixel in row))
    predicted = answer["predictions"][0]
    print(f"\n  the model says {predicted['class']}, with probability {max(predicted['probabilities']):.3f}, in {milliseconds:.0f} ms")


def _predict(endpoint: Endpoint, image: list[list[float]]) -> dict[str, Any]:
    body = json.dumps({"instances": [image]}).encode()
    headers = {"Content-Type": "application/json", "Host": endpoint.host}
    request = urllib.request.Request(endpoint.url, body, headers)  # noqa: S310 (a URL of our own stack)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return dict(json.load(response))
    except OSError as error:
        hint = "see `python -m bench status` and `kubectl get inferenceservices`"
        raise DriverError(f"{endpoint.host} does not answer at {endpoint.url} ({error}); {hint}") from error
