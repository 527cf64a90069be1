"""What the MNIST classifier is asked, and what a right answer is: held-out real digits, random images, protocol V1."""

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scripts import model_folders
from scripts.mlops.load.measurement import RequestFailed

model_folders.add_to_path(["mnist-classifier"])

from mnist import digits  # noqa: E402 - found by the line above

CLASSES = 10
SUM_TOLERANCE = 1e-4  # ten float32 probabilities


@dataclass(frozen=True)
class Case:
    """One request body and the digit it shows, None for a random image."""

    body: bytes
    label: int | None


def cases(requests: int) -> list[Case]:
    """Three held-out digits, then a random image, and so on; the digits in their order, from the start again when they run out."""
    source = digits.load()
    held_out = source.only(digits.split(source.labels).held_out)
    random = np.random.default_rng(digits.SEED).random((requests // 4 + 1, digits.SIDE, digits.SIDE), np.float32)
    result = []
    for number in range(requests):
        if number % 4 == 3:
            result.append(Case(_body(random[number // 4]), None))
        else:
            index = (number - number // 4) % len(held_out.ids)
            result.append(Case(_body(held_out.images[index]), int(held_out.labels[index])))
    return result


def predicted_class(content: bytes) -> int:
    """The class in a V1 answer for one image. Raises RequestFailed where the answer isn't what the protocol promises."""
    try:
        (prediction,) = json.loads(content)["predictions"]
        chosen, probabilities = prediction["class"], np.array(prediction["probabilities"], float)
    except (ValueError, KeyError, TypeError) as error:
        raise RequestFailed(f"answer has the wrong schema: {type(error).__name__}") from None
    if probabilities.shape != (CLASSES,) or not abs(probabilities.sum() - 1) <= SUM_TOLERANCE or probabilities.min() < 0:
        raise RequestFailed(f"answer's probabilities aren't {CLASSES} shares that sum to 1")
    if type(chosen) is not int or chosen != int(probabilities.argmax()):
        raise RequestFailed("answer's class isn't the most probable one")
    return chosen


def _body(image: npt.NDArray[np.float32]) -> bytes:
    # Four decimals, as a client would send: what float32 prints beyond them is no information.
    return json.dumps({"instances": [np.round(image.astype(float), 4).tolist()]}).encode()
