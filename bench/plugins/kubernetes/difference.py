"""Differences between two plain objects in the engine's form: one entry per property path."""

from __future__ import annotations

import re

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from bench.plugins.kubernetes.documents import Json
from bench.plugins.kubernetes.immutable import is_under

_PLAIN_KEY = re.compile(r"^[A-Za-z_$][\w$]*$")
_REPLACING = {
    PropertyDiffKind.ADD: PropertyDiffKind.ADD_REPLACE,
    PropertyDiffKind.DELETE: PropertyDiffKind.DELETE_REPLACE,
    PropertyDiffKind.UPDATE: PropertyDiffKind.UPDATE_REPLACE,
}


def differences(old: Json, new: Json, path: str = "") -> dict[str, PropertyDiffKind]:
    """Property paths that were added, removed or changed between `old` and `new`, deepest first."""
    if isinstance(old, dict) and isinstance(new, dict):
        found: dict[str, PropertyDiffKind] = {}
        for name in sorted({*old, *new}):
            found |= _member(old, new, name, _join(path, name))
        return found
    if isinstance(old, list) and isinstance(new, list):
        before, after = dict(enumerate(old)), dict(enumerate(new))
        found = {}
        for index in range(max(len(old), len(new))):
            found |= _member(before, after, index, f"{path}[{index}]")
        return found
    return {} if _same(old, new) else {path: PropertyDiffKind.UPDATE}


def _member(old: dict[Json, Json], new: dict[Json, Json], key: Json, path: str) -> dict[str, PropertyDiffKind]:
    if key not in new:
        return {path: PropertyDiffKind.DELETE}
    if key not in old:
        return {path: PropertyDiffKind.ADD}
    return differences(old[key], new[key], path)


def _same(old: Json, new: Json) -> bool:
    # JSON distinguishes true from 1, Python does not.
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def _join(path: str, name: str) -> str:
    if _PLAIN_KEY.match(name):
        return f"{path}.{name}" if path else name
    quoted = name.replace('"', '\\"')
    return f'{path}["{quoted}"]'


def diff_response(found: dict[str, PropertyDiffKind], immutable: tuple[str, ...], *, delete_before_replace: bool) -> DiffResponse:
    """The answer to the engine; a change below an `immutable` path replaces the resource."""
    replaces = [path for path in found if is_under(path, immutable)]
    detailed = {path: PropertyDiff(_REPLACING[kind] if path in replaces else kind, True) for path, kind in found.items()}
    return DiffResponse(
        changes=bool(found),
        replaces=replaces,
        diffs=list(dict.fromkeys(re.split(r"[.\[]", path, maxsplit=1)[0] for path in found)),
        delete_before_replace=delete_before_replace and bool(replaces),
        detailed_diff=detailed,
    )
