"""Reads and changes the versions of one model in a stack file: a list `versions`, or its short form `source`.

The syntax is the same in both modes, so both strategies use this. `source: X` means `versions: [{name: v1, source: X, weight: 100}]`.
A file that began with the short form gets it back where that means the same version again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from components.serving.versions import FIRST
from scripts.errors import DriverError
from scripts.mlops.delivery.plan import Named
from scripts.mlops.delivery.stack_file import Edits, Key, StackFile

Entry = dict[str, Any]
"""One version in a stack file."""


class VersionsFile:
    """`below`: the sections that this machine adds below those of the stack file. `names_matter`: the cluster knows versions by name.

    In Knative mode it does not, so the short form may stand for a version of any name.
    """

    def __init__(self, model: str, below: Mapping[str, Any], *, names_matter: bool) -> None:
        self.key: Key = ("models", model)
        self._names_matter = names_matter
        self._below: Mapping[str, Any] = (below.get("models") or {}).get(model) or {}

    def taken(self, file: StackFile) -> set[str]:
        """Return the names of the versions that belong to an experiment or a shadow."""
        groups: Mapping[str, str] = file.value((*self.key, "experiment", "groups")) or self._below.get("experiment", {}).get("groups", {})
        shadow = file.value((*self.key, "shadow", "version")) or self._below.get("shadow", {}).get("version")
        return {*groups.values(), *([shadow] if shadow else [])}

    def listed(self, file: StackFile) -> list[tuple[Named, int]]:
        """Return versions and weights, except those of an experiment or a shadow. Raises DriverError if the model does not exist."""
        taken = self.taken(file)
        short = self._short(file)
        return [
            (Named(entry.get("source"), entry.get("image"), entry["name"], short), entry["weight"])
            for entry in self._entries(file)
            if entry["name"] not in taken
        ]

    def edits(self, file: StackFile, weights: Mapping[Named, int | None]) -> dict[Key, Any]:
        """Return the changes that give these versions these weights; None takes a version out.

        These versions get this order, new ones at the end of the list; all others stay unchanged in their places.
        """
        entries, spare = _by_content(self._entries(file))
        for named in weights:
            if named in entries and entries[named]["name"] in self.taken(file):
                raise DriverError(
                    f"{'.'.join(self.key)}: {named} is {entries[named]['name']}, which an experiment or a shadow has; take it out there"
                )
            if weights[named] is not None and named not in entries:
                entries[named] = _entry(named, [entry["name"] for entry in entries.values()], spare)
        ordered = iter([named for named in weights if named in entries])
        places = [next(ordered) if named in weights else named for named in entries]
        new = {named: weights.get(named, entries[named]["weight"]) for named in places}
        result = [{**entries[named], "weight": weight} for named, weight in new.items() if weight is not None]
        return self._written(result, short=any(named.short for named in weights))

    def again(self, file: StackFile, stable: Named, candidate: Named) -> Edits:
        """Return the changes that put stable once more in the candidate's place, with weight 0."""
        first, second = self.edits(file, {stable: 100, candidate: 0})[(*self.key, "versions")]
        return self._written([first, {**first, "name": second["name"], "weight": 0}], short=False)

    def _written(self, entries: list[Entry], *, short: bool) -> dict[Key, Any]:
        """Return the changes that make these the model's versions. `short`: the file began with `source`, and ends with it if possible."""
        source, versions = (*self.key, "source"), (*self.key, "versions")
        if entries == self._laid_below():
            return {source: None, versions: None}
        if short and len(entries) == 1 and self._is_short(entries[0]):
            return {source: entries[0].get("source"), versions: None}
        return {source: None, versions: entries}

    def _entries(self, file: StackFile) -> list[Entry]:
        entry = file.value(self.key)
        if entry is None and not self._below:
            raise DriverError(f"{file.path.name} has no {'.'.join(self.key)}: there is no stable version for a rollout")
        # The stack file counts, whether it has the list or the short form.
        return _stated(entry or {}) or self._laid_below() or [_first(None)]

    def _laid_below(self) -> list[Entry]:
        return _stated(self._below)

    def _short(self, file: StackFile) -> bool:
        entry = file.value(self.key) or {}
        return not (entry if _stated(entry) else self._below).get("versions")

    def _is_short(self, entry: Entry) -> bool:
        return entry.keys() <= {"name", "source", "weight"} and (entry["name"] == FIRST or not self._names_matter)


def _stated(entry: Mapping[str, Any]) -> list[Entry]:
    versions: list[Entry] | None = entry.get("versions")
    return versions or ([_first(entry["source"])] if entry.get("source") else [])


def _first(source: str | None) -> Entry:
    return {"name": FIRST, **({"source": source} if source else {}), "weight": 100}


def _by_content(entries: Sequence[Entry]) -> tuple[dict[Named, Entry], list[str]]:
    """Return the entries by the content that they serve, and the names of those that only repeat an earlier one."""
    found: dict[Named, Entry] = {}
    for entry in entries:
        found.setdefault(Named(entry.get("source"), entry.get("image")), entry)
    return found, [entry["name"] for entry in entries if entry not in found.values()]


def _entry(named: Named, names: Sequence[str], spare: Sequence[str]) -> Entry:
    """Return the entry of a version that is not listed: under its earlier name, a spare one, or else the next number."""
    name = next((name for name in (named.name, *spare) if name and name not in names), None) or _next_name(names)
    fields = {"source": named.source, "image": named.image}
    return {"name": name, **{key: value for key, value in fields.items() if value}, "weight": 0}


def _next_name(names: Sequence[str]) -> str:
    numbers = [int(found[1]) for name in names if (found := re.fullmatch(r"v(\d+)", name))]
    return f"v{max(numbers, default=0) + 1}"
