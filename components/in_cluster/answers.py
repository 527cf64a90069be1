"""One question to a model, and what is wrong with its answer."""

import json
import math
import urllib.error
import urllib.request
from typing import Any


def not_answering(url: str, completion_model: str = "") -> str | None:
    """None after one right answer: a prediction for a blank image, or a completion where a model for it is named."""
    question, wrong = (completion_question(completion_model), wrong_completion) if completion_model else (IMAGE_QUESTION, wrong_answer)
    request = urllib.request.Request(url, data=json.dumps(question).encode(), headers={"Content-Type": "application/json"})  # noqa: S310 - a URL of our own
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return wrong(json.load(answer))
    except urllib.error.HTTPError as refused:
        return f"{url} answers {refused.code}: {refused.read(500).decode(errors='replace')}"
    except (OSError, ValueError) as error:
        return f"{url} does not answer: {error}"


IMAGE_QUESTION = {"instances": [[[0.0] * 28] * 28]}


def completion_question(model: str) -> dict[str, Any]:
    """Few tokens: a slow start must not look like a slow answer."""
    return {"model": model, "prompt": "The capital of France is", "max_tokens": 8, "temperature": 0}


def wrong_answer(answer: dict[str, Any]) -> str | None:
    """What is wrong with a V1 answer to one image: a class, and ten probabilities that add up to one."""
    try:
        (prediction,) = answer["predictions"]
        probabilities = [float(value) for value in prediction["probabilities"]]
        likeliest = probabilities.index(max(probabilities))
        right = len(probabilities) == 10 and math.isclose(sum(probabilities), 1, abs_tol=1e-3) and prediction["class"] == likeliest
    except (KeyError, TypeError, ValueError):
        right = False
    return None if right else f"not a prediction for one digit: {json.dumps(answer)[:300]}"


def wrong_completion(answer: dict[str, Any]) -> str | None:
    """What is wrong with a completion: there must be text. Which text is the model's business."""
    try:
        (choice,) = answer["choices"]
        right = isinstance(choice["text"], str) and bool(choice["text"].strip())
    except (KeyError, TypeError, ValueError):
        right = False
    return None if right else f"not a completion: {json.dumps(answer)[:300]}"
