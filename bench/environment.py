"""Connection data for a client of the node: kubeconfig, mirror, and the tools that this machine lacks.

Tools that the user has installed win: the bench adds only what is absent from PATH. It adds Pulumi's parts all together
or not at all, because engine, language host and their scripts must match.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench import extras, proxies
from bench.image_table import MINIO, VLLM
from bench.paths import CACHE, Instance
from bench.tools import binary

PATHS = CACHE / "path"
MIRROR = CACHE / "mirror"
PLUGINS = Path(__file__).parent / "plugins"

CLIENTS: Mapping[str, tuple[str, ...]] = {
    "pulumi": ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-analyzer-policy-python"),
    "helm": ("helm",),
    "kubectl": ("kubectl",),
}
"""Command that the user may have → tool that the bench adds if the user does not have it."""

STAND_INS = ("aws", "random")
"""Providers whose official plugin no registry has as a module: `plugins/` has one for each."""

PROVIDERS = ("kubernetes", *STAND_INS)

SUBSTITUTES = {"docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z": MINIO, "docker.io/vllm/vllm-openai:v0.32.0": VLLM}
"""Image that cannot be made from a package registry → image that the bench offers for the same purpose."""


def describe(instance: Instance) -> dict[str, Any]:
    """The JSON of `bench env`. Raises BenchError if a tool that it must offer is not built yet."""
    search = own_path(os.environ.get("PATH", ""))
    pulumi_home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    return {
        "cluster": f"bench-{instance.name}",
        "kubeconfig": str(instance.kubeconfig),
        "path": path_entries(search, pulumi_home),
        "charts": str(MIRROR / "charts"),
        "manifests": str(MIRROR / "manifests"),
        "images": dict(SUBSTITUTES),
        "state": str(instance.state),
        "environment": proxies.exceptions(instance, os.environ),
        **_extras(extras.read(instance)),
    }


def _extras(wanted: extras.Wanted) -> dict[str, Any]:
    """The optional parts of the node; nothing about Prometheus if the node has none."""
    told: dict[str, Any] = {"with": sorted(wanted.parts), "gpus": wanted.gpus}
    if extras.MONITORING in wanted.parts:
        told["monitoring"] = {"prometheusUrl": extras.PROMETHEUS_URL, "labels": dict(extras.MONITOR_LABELS)}
    return told


def path_entries(search: str, pulumi_home: Path, commands: Iterable[str] = CLIENTS) -> list[str]:
    """Folders to add to a PATH so that it has the named commands and all providers."""
    providers = missing_providers(search, pulumi_home)
    built = {name: binary(name) for name in (*missing_clients(search, commands), *built_plugins(providers))}
    return [
        *([str(_links(built, PATHS))] if built else []),
        *(str(PLUGINS / name) for name in providers if name in STAND_INS),
    ]


def own_path(path: str) -> str:
    """The user's PATH without the folders that an earlier call of this module added."""
    ours = (PATHS, PLUGINS)
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if not any(Path(entry).is_relative_to(folder) for folder in ours))


def missing_clients(path: str, commands: Iterable[str] = CLIENTS) -> list[str]:
    """Tools that the bench must add to a PATH."""
    return [name for command in commands if shutil.which(command, path=path) is None for name in CLIENTS[command]]


def missing_providers(path: str, pulumi_home: Path) -> list[str]:
    """Providers whose official plugin is neither installed in Pulumi's folder nor on a PATH.

    The engine prefers a plugin on PATH over an installed one, so the bench adds its own only if there is no other.
    """
    return [
        name
        for name in PROVIDERS
        if not any(folder.is_dir() for folder in pulumi_home.glob(f"plugins/resource-{name}-v*"))
        and shutil.which(f"pulumi-resource-{name}", path=path) is None
    ]


def built_plugins(providers: Iterable[str]) -> list[str]:
    """Executables of those of the providers that the bench builds from their official modules."""
    return [f"pulumi-resource-{name}" for name in providers if name not in STAND_INS]


def _links(targets: Mapping[str, Path], root: Path) -> Path:
    """A folder with one link per target, named after the set, so that a PATH that contains it stays valid.

    The links are hard links, because Pulumi's language host looks for its script in the folder of its real path.
    """
    content = hashlib.sha256("\n".join(["hard", *_pairs(targets.items())]).encode()).hexdigest()[:16]
    folder = root / content
    if not folder.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=root) as scratch:
            whole = Path(scratch) / content
            whole.mkdir()
            for name, target in targets.items():
                (whole / name).hardlink_to(target.resolve())
            whole.rename(folder)
    return folder


def _pairs(items: Iterable[tuple[str, Path]]) -> list[str]:
    return sorted(f"{name}={target}" for name, target in items)
