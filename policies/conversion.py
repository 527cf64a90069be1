"""What the engine sends is converted once for all rules.

Pulumi's SDK converts a resource and its provider anew for every policy of a pack (pulumi-policy:policy.py@1.21.0, Analyze). The CRDs of
this platform are 3 MB: for all of its rules that is ten seconds of a preview, and as many again of an `up`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi_policy import policy as sdk

KEPT = 2
"""A resource and its provider."""


def convert_once() -> None:
    """Makes the SDK's three conversions remember their last answers; rules change nothing in them. To be called once, at the start."""
    names = vars(sdk)
    names["json_format"] = SimpleNamespace(MessageToDict=remembering(json_format.MessageToDict))
    for name in ("deserialize_properties", "unknown_checking_proxy"):
        names[name] = remembering(names[name])


def remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Answers the same object with the same answer, until there are others. By identity: comparing would take as long as converting."""
    answers: deque[tuple[tuple[object, ...], Any]] = deque(maxlen=KEPT)

    def remembered(*arguments: object) -> Any:  # noqa: ANN401 - whatever the function answers
        for known, answer in tuple(answers):
            if len(known) == len(arguments) and all(one is other for one, other in zip(known, arguments, strict=True)):
                return answer
        answer = function(*arguments)
        answers.append((arguments, answer))
        return answer

    return remembered
