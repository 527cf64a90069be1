"""Converts the engine's data once for all rules.

Pulumi's SDK converts a resource and its provider again for every policy of a pack (pulumi-policy:policy.py@1.21.0, Analyze). This
platform's CRDs are 3 MB: for all rules, that takes ten seconds of a preview, and ten more of an `up`.
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
    """Make the SDK's three conversions remember their last answers, which rules never change. Call it once, at the start."""
    names = vars(sdk)
    names["json_format"] = SimpleNamespace(MessageToDict=remembering(json_format.MessageToDict))
    for name in ("deserialize_properties", "unknown_checking_proxy"):
        names[name] = remembering(names[name])


def remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Cache the last answers by the identity of the argument, because a comparison would take as long as the conversion."""
    answers: deque[tuple[tuple[object, ...], Any]] = deque(maxlen=KEPT)

    def remembered(*arguments: object) -> Any:  # noqa: ANN401 - whatever the function answers
        for known, answer in tuple(answers):
            if len(known) == len(arguments) and all(one is other for one, other in zip(known, arguments, strict=True)):
                return answer
        answer = function(*arguments)
        answers.append((arguments, answer))
        return answer

    return remembered
