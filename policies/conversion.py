"""What the engine sends is converted once for all rules.

Pulumi's SDK converts a resource anew for every policy of a pack (pulumi-policy:policy.py@1.21.0, Analyze). The CRDs of this platform are
3 MB, so that for its rules this takes ten seconds of a preview, and as many again of an `up`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi_policy import policy as sdk


def convert_once() -> None:
    """Makes the SDK's three conversions remember the last one. To be called once, before anything is analyzed; rules change nothing."""
    names = vars(sdk)
    names["json_format"] = SimpleNamespace(MessageToDict=remembering_last(json_format.MessageToDict))
    for name in ("deserialize_properties", "unknown_checking_proxy"):
        names[name] = remembering_last(names[name])


def remembering_last(function: Callable[..., Any]) -> Callable[..., Any]:
    """Answers the same object with the same answer, until there is another one. By identity: comparing would take as long as converting."""
    last: tuple[tuple[object, ...], Any] | None = None

    def remembered(*arguments: object) -> Any:  # noqa: ANN401 - whatever the function answers
        nonlocal last
        kept = last  # the analyzer answers in several threads
        if kept is None or len(kept[0]) != len(arguments) or any(one is not other for one, other in zip(kept[0], arguments, strict=True)):
            kept = last = (arguments, function(*arguments))
        return kept[1]

    return remembered
