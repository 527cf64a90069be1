"""MNIST's questions, held-out digits of scikit-learn's without scikit-learn and numpy, and its right answers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mnist import digits
from scripts.mlops import questions
from scripts.mlops.load.measurement import RequestFailed
from scripts.mlops.questions import Questions
from tests.structure.project import ROOT
from tests.unit.mlops.stub_server import one_hot

FILE = ROOT / "models/mnist-classifier/held_out_digits.json"
HELD_OUT: list[dict[str, Any]] = json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def asked() -> Questions:
    found = questions.of_folder("mnist-classifier")
    assert found
    return found


def labelled(asked: Questions, count: int) -> list[tuple[bytes, object]]:
    assert asked.labelled
    return list(asked.labelled(count))


def instance(body: bytes) -> Any:  # noqa: ANN401 - numbers in lists
    (image,) = json.loads(body)["instances"]
    return np.array(image)


def test_the_file_has_the_held_out_digits_of_the_source() -> None:
    source = digits.load()
    held_out = source.only(digits.split(source.labels).held_out)
    assert [digit["id"] for digit in HELD_OUT] == held_out.ids.tolist()
    assert [digit["label"] for digit in HELD_OUT] == held_out.labels.tolist()
    pixels = np.array([[int(pixel, 17) for pixel in digit["pixels"]] for digit in HELD_OUT])
    # No two small images are the same when they are enlarged, so that these are the source's.
    assert np.array_equal(digits.enlarge((pixels / 16).astype(np.float32).reshape(-1, 8, 8)), held_out.images)


def test_an_image_is_as_large_as_numpy_makes_it_of_the_same_digit(asked: Questions) -> None:
    source = digits.load()
    sent = [instance(body) for body, label in labelled(asked, 400) if label is not None]
    assert len(sent) == 300
    for image, digit in zip(sent, HELD_OUT, strict=False):
        assert np.abs(image - source.images[digit["id"]]).max() <= 0.5e-4 + 1e-6


def test_three_digits_with_their_labels_then_noise_and_again_from_the_start_when_they_run_out(asked: Questions) -> None:
    batch = labelled(asked, 800)
    assert [label is None for _, label in batch] == [False, False, False, True] * 200
    digits_of = [(body, label) for body, label in batch if label is not None]
    assert [label for _, label in digits_of] == [HELD_OUT[number % 400]["label"] for number in range(600)]
    assert len({body for body, _ in digits_of}) == 400
    assert len({body for body, label in batch if label is None}) == 200
    for body, _ in batch[:8]:
        image = instance(body)
        assert image.shape == (28, 28)
        assert 0 <= image.min() <= image.max() <= 1
    assert list(asked.bodies(8)) == [body for body, _ in batch[:8]]


PROBABILITIES = one_hot(3)["predictions"][0]["probabilities"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"predictions": []},
        {"predictions": [3]},
        {"predictions": [{"class": 3}]},
        {"predictions": [{"class": 3, "probabilities": PROBABILITIES[:9]}]},
        {"predictions": [{"class": 3, "probabilities": []}]},
        {"predictions": [{"class": 3, "probabilities": [0.2] * 10}]},
        {"predictions": [{"class": 3, "probabilities": [float("nan")] * 10}]},
        {"predictions": [{"class": 3, "probabilities": [-0.5, 1.5, *[0.0] * 8]}]},
        {"predictions": [{"class": 3, "probabilities": ["a"] * 10}]},
        {"predictions": [{"class": 4, "probabilities": PROBABILITIES}]},
        {"predictions": [{"class": "3", "probabilities": PROBABILITIES}]},
    ],
)
def test_an_answer_that_breaks_the_protocol_is_a_failure(asked: Questions, answer: dict[str, Any]) -> None:
    with pytest.raises(RequestFailed):
        asked.check(json.dumps(answer).encode())


def test_the_right_answer_is_accepted(asked: Questions) -> None:
    assert asked.check(json.dumps(one_hot(3)).encode()) == 3


def test_a_digit_is_drawn_with_the_answer_to_it(asked: Questions) -> None:
    assert asked.show
    lines = asked.show(json.dumps(one_hot(7)).encode())
    assert lines[0] == "a handwritten 0 that the model never saw in training"
    assert lines[-1] == "the model says 7, with probability 1.000"
    assert len(lines) == 18
    assert {len(line) for line in lines[2:16]} == {30}
    assert any("%" in line for line in lines)
