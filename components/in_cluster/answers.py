"""Asks a model one question and checks the answer by a JSON Schema.

The schema has the keywords of KEYWORDS only (https://json-schema.org/draft/2020-12/json-schema-validation), as `Answer` in
components/serving/probe.py declares them: this file runs in the platform's own Jobs, with nothing but Python's standard library.
"""

import http.client
import json
import math
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
SECONDS = 10
PASSING = {404, 408, 425, 429}
"""Statuses below 500 that a route or a busy server gives for a while; the others are the model's own words about the request."""
SHOWN = 300
"""Most characters of a wrong answer that a message repeats."""


class WrongAnswer(str):
    """A problem that the model itself caused: it refused the request, or gave another answer than the right one."""

    __slots__ = ()


def not_answering(url: str, request: str, schema: str) -> str | None:
    """Return None after one right answer, else what is wrong: a WrongAnswer if the model answered.

    `request`: a JSON body, or "" for a GET. `schema`: JSON.
    """
    asked = urllib.request.Request(  # noqa: S310 - a URL of this program
        url, data=request.encode() or None, headers={"Content-Type": "application/json"} if request else {}
    )
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310
            problem = wrong(answer.read(), json.loads(schema))
            return WrongAnswer(problem) if problem else None
    except urllib.error.HTTPError as refused:
        problem = f"{url} answers {refused.code}: {refused.read(500).decode(errors='replace')}"
        return WrongAnswer(problem) if refused.code < 500 and refused.code not in PASSING else problem
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{url} does not answer: {error or type(error).__name__}"


def wrong(content: bytes, schema: Mapping[str, Any]) -> str | None:
    """Return None for a right answer, else what is wrong with it. Without a schema every answer is right."""
    if not schema:
        return None
    try:
        answer = json.loads(content)
    except ValueError:
        return f"the answer is not JSON: {content[:SHOWN].decode(errors='replace')}"
    problem = violation(answer, schema, "the answer")
    return f"{problem}: {json.dumps(answer)[:SHOWN]}" if problem else None


def violation(value: Any, schema: Mapping[str, Any], at: str) -> str | None:  # noqa: ANN401 - any JSON
    """Return the first thing that breaks the schema, with its place, or None."""
    for keyword, wanted in schema.items():
        if problem := KEYWORDS[keyword](value, wanted, at):
            return problem
    return None


def _type(value: Any, name: str, at: str) -> str | None:  # noqa: ANN401
    fits = isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
    finite = not isinstance(value, float) or math.isfinite(value)  # Python's JSON reads NaN, which is no number of JSON
    return None if fits and finite else f"{at} is no {name}"


def _properties(value: Any, schemas: Mapping[str, Any], at: str) -> str | None:  # noqa: ANN401
    present = {name: schema for name, schema in schemas.items() if isinstance(value, dict) and name in value}
    return next((problem for name, schema in present.items() if (problem := violation(value[name], schema, f"{at}.{name}"))), None)


def _required(value: Any, names: list[str], at: str) -> str | None:  # noqa: ANN401
    return next((f"{at} has no {name}" for name in names if not isinstance(value, dict) or name not in value), None)


def _items(value: Any, schema: Mapping[str, Any], at: str) -> str | None:  # noqa: ANN401
    items = enumerate(value) if isinstance(value, list) else ()
    return next((problem for index, item in items if (problem := violation(item, schema, f"{at}[{index}]"))), None)


def _bounded(holds: Callable[[float, float], bool], measure: Callable[[Any], float], words: str) -> Callable[[Any, float, str], str | None]:
    def checked(value: Any, limit: float, at: str) -> str | None:  # noqa: ANN401
        try:
            return None if holds(measure(value), limit) else f"{at} has {words} {measure(value):g}, not {limit:g}"
        except TypeError:
            return f"{at} has no {words}"

    return checked


def _equal(value: Any, wanted: Any, at: str) -> str | None:  # noqa: ANN401
    return None if value == wanted else f"{at} is not {json.dumps(wanted)}"


def _among(value: Any, wanted: list[Any], at: str) -> str | None:  # noqa: ANN401
    return None if value in wanted else f"{at} is none of {json.dumps(wanted)}"


def _not_documented(_value: Any, _text: Any, _at: str) -> None:  # noqa: ANN401
    """Accept `description`, which is for readers."""


KEYWORDS: Mapping[str, Callable[[Any, Any, str], str | None]] = {
    "type": _type,
    "required": _required,
    "properties": _properties,
    "items": _items,
    "minItems": _bounded(lambda found, limit: found >= limit, len, "a number of items of"),
    "maxItems": _bounded(lambda found, limit: found <= limit, len, "a number of items of"),
    "minLength": _bounded(lambda found, limit: found >= limit, len, "a length of"),
    "minimum": _bounded(lambda found, limit: found >= limit, lambda value: value + 0, "a value of"),
    "maximum": _bounded(lambda found, limit: found <= limit, lambda value: value + 0, "a value of"),
    "const": _equal,
    "enum": _among,
    "description": _not_documented,
}
