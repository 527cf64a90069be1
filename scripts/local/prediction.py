"""One real prediction, drawn in the terminal, and a completion where SmolLM is served: the proof at the end of `make up`."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from scripts import model_folders
from scripts.errors import DriverError
from scripts.mlops.reach import Endpoint, reachable

model_folders.add_to_path(["mnist-classifier"])

from mnist import digits  # noqa: E402 - found by the line above

SHADES = " .:-=+*#%@"
PROMPT = "Once upon a time"
TOKENS = 16
ANSWER_SECONDS = {"mnist": 10, "smollm": 120}
"""On busy cores a token of SmolLM may take seconds."""


def show_prediction(outputs: Mapping[str, Any], environment: dict[str, str]) -> None:
    """Send a held-out handwritten digit to the MNIST endpoint, and print it with the answer; then a prompt to SmolLM's, where it is served.

    Raises DriverError when no answer comes.
    """
    endpoints: dict[str, str] = outputs["endpoints"]
    url = endpoints["mnist"]
    known = digits.load()
    unseen = known.only(digits.split(known.labels).held_out[:1])
    image, label = unseen.images[0].tolist(), unseen.labels[0]
    with reachable(url, environment) as endpoint:
        answer, seconds = _asked(endpoint, {"instances": [image]}, ANSWER_SECONDS["mnist"])
    print("\nendpoints, from any pod of the cluster:")
    for name, address in endpoints.items():
        print(f"  {name:10} {address}")
    print(f"\none real prediction: a handwritten {label} that the model never saw in training\n")
    for row in image[::2]:
        print("    " + "".join(SHADES[min(int(pixel * len(SHADES)), len(SHADES) - 1)] for pixel in row))
    predicted = answer["predictions"][0]
    print(f"\n  the model says {predicted['class']}, with probability {max(predicted['probabilities']):.3f}, in {seconds * 1000:.0f} ms")
    if "smollm" in endpoints:
        _show_completion(endpoints["smollm"], environment)


def _show_completion(url: str, environment: dict[str, str]) -> None:
    """On one line. The bench's weights are random, and so are the words; what is shown is that tokens come."""
    with reachable(url, environment) as endpoint:
        model = endpoint.host.partition(".")[0]
        body = {"model": model, "prompt": PROMPT, "max_tokens": TOKENS}
        answer, seconds = _asked(endpoint, body, ANSWER_SECONDS["smollm"])
    text = " ".join(answer["choices"][0]["text"].split())
    print(f"\n  {model} continues {PROMPT!r}, {answer['usage']['completion_tokens']} tokens in {seconds:.1f} s: {text}")


def _asked(endpoint: Endpoint, body: Mapping[str, Any], timeout_seconds: float) -> tuple[dict[str, Any], float]:
    """The answer, and how many seconds it took."""
    headers = {"Content-Type": "application/json", "Host": endpoint.host}
    request = urllib.request.Request(endpoint.url, json.dumps(body).encode(), headers)  # noqa: S310 (a URL of our own stack)
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds) as response:  # noqa: S310
            return dict(json.load(response)), time.monotonic() - began
    except OSError as error:
        hint = "see `python -m bench status` and `kubectl get inferenceservices`"
        raise DriverError(f"{endpoint.host} does not answer at {endpoint.url} ({error}); {hint}") from error
