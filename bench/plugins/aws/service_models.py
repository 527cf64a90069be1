"""Limits of values in AWS's own service models: allowed words, patterns, lengths, ranges.

The models are botocore's, one JSON document per service with operations, and shapes that refer to each other by name.
"""

from __future__ import annotations

import difflib
import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.plugins.aws.check import Leaf, Problem
from bench.plugins.aws.table import TABLE, Model

_LISTED = 12
"""Up to this many allowed words are listed in full; from longer lists, such as instance types, the message names the closest."""

Shape = Mapping[str, Any]


class ServiceModels:
    """The models under `folder`, each read on first use. Without a folder, nothing is checked."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._services: dict[str, Service] = {}

    @cached_property
    def present(self) -> bool:
        return self._folder is not None

    def problems(self, token: str, leaf: Leaf) -> Iterator[Problem]:
        model = TABLE.get(token)
        if model is None or self._folder is None:
            return
        model, wire = model.at(leaf.wire)
        if model.service not in self._services:
            self._services[model.service] = Service.read(self._folder / f"{model.service}.json.gz")
        shape = self._services[model.service].find(model, wire)
        for reason in _violations(shape, leaf) if shape else ():
            yield Problem(leaf.path, reason)


class Service:
    """The shapes of one service."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes
        self._found: dict[tuple[str, str], Shape | None] = {}

    @classmethod
    def read(cls, path: Path) -> Service:
        return cls(json.loads(gzip.decompress(path.read_bytes()))["shapes"])

    def find(self, model: Model, wire: str) -> Shape | None:
        """The shape of the argument at `wire`; None if the service has no argument of that name."""
        key = (model.shape, wire)
        if key not in self._found:
            self._found[key] = self._resolve(model, wire)
        return self._found[key]

    def _resolve(self, model: Model, wire: str) -> Shape | None:
        if not wire:
            return self._shapes[model.shape]
        if wire in model.named:
            return self._shapes[model.named[wire]]
        if wire.endswith("[]"):
            parent = self.find(model, wire.removesuffix("[]"))
            return self._shapes[parent["member"]["shape"]] if parent and parent["type"] == "list" else None
        above, _, name = wire.rpartition(".")
        parent = self.find(model, above)
        if parent is None or parent["type"] != "structure":
            return None
        members = {member.lower(): reference["shape"] for member, reference in parent["members"].items()}
        return self._shapes[members[name.lower()]] if name.lower() in members else None


def _violations(shape: Shape, leaf: Leaf) -> Iterator[str]:
    """Violations of the shape's limits. An empty text means "not set" and is not checked."""
    if isinstance(leaf.value, str) and shape["type"] == "string" and leaf.value:
        if "enum" in shape and leaf.value not in shape["enum"]:
            yield f"{leaf.shown} is not one of: {_words(leaf.value, shape['enum'])}"
        if "pattern" in shape and not _matches(shape["pattern"], leaf.value):
            yield f"{leaf.shown} does not match {shape['pattern']}"
        length = len(leaf.value)
        yield from _outside(shape, length, lambda bound: f"{leaf.shown} has {length} characters, {bound}")
    elif isinstance(leaf.value, float) and shape["type"] in ("integer", "long"):
        yield from _outside(shape, leaf.value, lambda bound: f"{leaf.value:g} is out of range, {bound}")


def _outside(shape: Shape, value: float, text: Callable[[str], str]) -> Iterator[str]:
    if value < shape.get("min", value):
        yield text(f"at least {shape['min']} needed")
    if value > shape.get("max", value):
        yield text(f"at most {shape['max']} allowed")


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text, re.DOTALL) is not None
    except re.error:
        return True  # a few patterns use syntax that only Java has, such as \p{L}


def _words(value: str, allowed: list[str]) -> str:
    if len(allowed) <= _LISTED:
        return ", ".join(allowed)
    close = difflib.get_close_matches(value, allowed, n=3, cutoff=0) or allowed[:3]
    return f"{', '.join(close)}, and {len(allowed) - len(close)} others"
