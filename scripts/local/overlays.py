"""Overlays: parts of a stack file that a machine adds to `Pulumi.local.yaml`. `make up WITH=<model>` adds the model's own one.

An overlay that `make up` was given is copied into the state folder and stays until `make up WITHOUT=<name>` or `make down` removes it.
Where both have a key, Pulumi.local.yaml wins.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from scripts import model_folders
from scripts.commands import ROOT
from scripts.errors import DriverError
from scripts.stack_file import read

FILE = "local.yaml"
"""The file name of a model's overlay, in its folder."""

KEPT = "overlays"
"""The folder of the copies, below the state folder."""


def find(words: str) -> Path:
    """Return the overlay of a model, or the file of this name. Raises DriverError with the models that have one."""
    for path in (model_folders.folder(words) / FILE, Path(words)):
        if path.is_file():
            return path
    known = [folder.name for folder in model_folders.folders() if (folder / FILE).is_file()]
    raise DriverError(f"WITH={words} is neither a file nor a model with an overlay; models: {', '.join(known)}")


def keep(state: Path, overlay: Path) -> None:
    """Copy an overlay to the state folder for later commands; a newer one of a model replaces the older one."""
    name = overlay.parent.name if overlay.name == FILE and overlay.is_relative_to(ROOT) else overlay.stem
    folder = state / KEPT
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f"{name}.partial"
    shutil.copyfile(overlay, partial)
    partial.replace(folder / f"{name}.yaml")


def drop(state: Path, name: str) -> None:
    """Forget the overlay of this name. Raises DriverError with those that are kept."""
    file = state / KEPT / f"{name}.yaml"
    if not file.is_file():
        raise DriverError(f"WITHOUT={name}: no such overlay; kept: {', '.join(path.stem for path in kept(state)) or 'none'}")
    file.unlink()


def kept(state: Path) -> list[Path]:
    return sorted((state / KEPT).glob("*.yaml"))


def laid_below(given: dict[str, Any], overlays: list[Path]) -> dict[str, Any]:
    """Return the sections of a stack file with those of the overlays below them."""
    for overlay in overlays:
        given = laid_over(read(overlay), given)
    return given


def laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of both. If both have a key, sections are merged; of any other value the upper one counts."""
    joined = dict(below)
    if {"source", "versions"} & above.keys():  # two spellings of the same key: the upper one counts
        joined = {key: value for key, value in joined.items() if key not in ("source", "versions")}
    for key, value in above.items():
        under = below.get(key)
        joined[key] = laid_over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return joined


def bench_extras(given: dict[str, Any]) -> list[str]:
    """Return the extras that the bench's node needs to serve these sections, by the names of `bench up --with`."""
    servers = [entry.get("server", {}) for entry in (given.get("models") or {}).values()]
    gpus = max((_gpus(server) for server in servers), default=0)
    wanted = {
        "keda": bool(given.get("keda", {}).get("enabled")),
        "monitoring": bool(given.get("keda", {}).get("enabled")),  # what KEDA asks
        "vllm": any(server.get("kind") == "vllm" for server in servers),
        f"gpus={gpus}": gpus > 0,
    }
    return [name for name, there in wanted.items() if there]


def _gpus(server: dict[str, Any]) -> int:
    alone = 1 if server.get("kind") == "vllm" else 0
    return int(server.get("tensorParallel", server.get("gpus", alone)))
