"""Questions to the MNIST classifier, and the check of its answers: held-out real digits, random images, protocol V1.

It needs only Python's standard library, so it also runs in a plain pod.
"""

from __future__ import annotations

import functools
import json
import random
from pathlib import Path

SIDE = 28
"""Pixels of an image's edge, as the model takes it."""

SMALL = 8
"""Pixels of an edge in held_out_digits.json."""

LEVELS = 16
"""The darkest pixel there. The file has 64 digits of base 17 for each image."""

CLASSES = 10
SUM_TOLERANCE = 1e-4  # ten float32 probabilities
ANSWERS_PER_SECOND = 100
"""The rate of ten clients that each wait 100 ms for an answer."""

SHADES = " .:-=+*#%@"
Image = list[list[float]]


def bodies(count: int) -> list[bytes]:
    """Return this number of request bodies, the same every time."""
    return [body for body, _ in labelled(count)]


def labelled(count: int) -> list[tuple[bytes, int | None]]:
    """Return bodies with the digit that each shows: three held-out digits, then a random image with None, and so on.

    The digits come in their order, and from the start again when they run out.
    """
    noise = random.Random(0)  # noqa: S311 (no secret)
    found: list[tuple[bytes, int | None]] = []
    for number in range(count):
        if number % 4 == 3:
            found.append((_body([[noise.random() for _ in range(SIDE)] for _ in range(SIDE)]), None))
        else:
            found.append(_digit((number - number // 4) % len(_held_out())))
    return found


def check(content: bytes) -> int:
    """Return the class in a V1 answer for one image. Raises ValueError if the answer breaks the protocol."""
    try:
        (prediction,) = json.loads(content)["predictions"]
        chosen, probabilities = prediction["class"], [float(share) for share in prediction["probabilities"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"answer has the wrong schema: {type(error).__name__}") from None
    if len(probabilities) != CLASSES or not abs(sum(probabilities) - 1) <= SUM_TOLERANCE or min(probabilities) < 0:
        raise ValueError(f"answer's probabilities are not {CLASSES} shares that sum to 1")
    if type(chosen) is not int or chosen != probabilities.index(max(probabilities)):
        raise ValueError("answer's class is not the most probable one")
    return chosen


def show(content: bytes) -> list[str]:
    """Return the first digit as a drawing, and the answer to it, as lines for a terminal."""
    body, label = _digit(0)
    (image,) = json.loads(body)["instances"]
    (prediction,) = json.loads(content)["predictions"]
    return [
        f"a handwritten {label} that the model never saw in training",
        "",
        *("  " + "".join(SHADES[min(int(pixel * len(SHADES)), len(SHADES) - 1)] for pixel in row) for row in image[::2]),
        "",
        f"the model says {prediction['class']}, with probability {max(prediction['probabilities']):.3f}",
    ]


def enlarge(small: Image) -> Image:
    """Return an image of 8x8 as one of 28x28, like `mnist.digits.enlarge`: bilinear between pixel centres, edges held."""
    rows = [[_between(row, place) for place in _PLACES] for row in small]
    columns = list(zip(*rows, strict=True))
    return [[_between(column, place) for column in columns] for place in _PLACES]


def _between(values: list[float] | tuple[float, ...], place: tuple[int, float]) -> float:
    left, share = place
    return values[left] * (1 - share) + values[left + 1] * share


def _place(index: int) -> tuple[int, float]:
    """Return the pixel of the small image to the left of a pixel of the large one, and how far it is on the way to the next."""
    centre = min(max((index + 0.5) * SMALL / SIDE - 0.5, 0.0), SMALL - 1.0)
    left = min(int(centre), SMALL - 2)
    return left, centre - left


_PLACES = [_place(index) for index in range(SIDE)]


@functools.cache
def _held_out() -> list[tuple[str, int]]:
    """Return pixels and label of each digit."""
    found = json.loads(Path(__file__).with_name("held_out_digits.json").read_text())
    return [(digit["pixels"], digit["label"]) for digit in found]


@functools.cache
def _digit(index: int) -> tuple[bytes, int]:
    pixels, label = _held_out()[index]
    values = [int(pixel, LEVELS + 1) / LEVELS for pixel in pixels]
    return _body(enlarge([values[start : start + SMALL] for start in range(0, len(values), SMALL)])), label


def _body(image: Image) -> bytes:
    # Four decimals, like a real client: the model computes with 32 bits, and more digits carry no information.
    return json.dumps({"instances": [[[round(pixel, 4) for pixel in row] for row in image]]}).encode()
