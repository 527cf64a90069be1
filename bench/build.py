"""Builds the tools of `bench/tools.py` from their pinned modules, once per content.

A build is made under a temporary name and renamed when it is complete, so everything under `CACHE/bin/<tool>/<digest>`
is complete. Go's caches for the bench live under `CACHE/go`, apart from the user's, and are kept within `GO_CACHE_LIMIT`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from bench import ahead, go_program, progress
from bench.errors import BenchError
from bench.go_program import toolchain
from bench.lock import exclusive
from bench.paths import CACHE
from bench.tools import BIN, BUILD_COMMAND, KNOWN, TOOLS, Tool

GO = CACHE / "go"
GO_CACHES = (GO / "build", GO / "mod")
"""Order of deletion: one tool's build cache helps the next tool little, while modules take long to download."""
LOGS = CACHE / "log"
LOCK = CACHE / "build.lock"

GIB = 1024**3
BINARIES_LIMIT = 5 * GIB
GO_CACHE_LIMIT = 18 * GIB
"""Limit in bytes for Go's build and module caches together. A node's tools leave less, of use to those of `--with`; all leave 23 GiB."""
FREE_NEEDED = 7 * GIB
"""Bytes that one tool may add. Up to 2.8 GiB of modules, and 2.2 GiB each of build cache and temporary files, have been seen."""

LOG_TAIL = 12
"""Lines of a failed build's log that are shown; Go prints the package and the error last."""


def ensure(names: Iterable[str] = TOOLS) -> None:
    """Build the named tools that are not cached. Raises BenchError with the failed build and the path of its log."""
    tools = [KNOWN[name] for name in names]
    outdated = missing(tool.name for tool in tools)
    version = toolchain()
    if len(outdated) < len(tools):
        progress.line("cached     Go tools", f"{len(tools) - len(outdated)} of {len(tools)}")
    for tool in tools:
        if tool not in outdated:
            os.utime(tool.output(version))
    if not outdated:
        return
    with exclusive(LOCK, "the build"):
        _clear_leftovers()
        for number, tool in enumerate(outdated, 1):
            output = tool.output(version)
            if output.is_dir():  # another process built it while this one waited
                continue
            _require_space(tool)
            later = outdated[number:]
            then = sum(each.seconds for each in later)
            with progress.step(f"building   {tool.name}", expected=tool.seconds, then=then), ahead.compiling(later, go_environment()):
                _build(tool, output)
        trim(GO_CACHES, GO_CACHE_LIMIT)
        prune(BIN, BINARIES_LIMIT, keep={tool.output(version) for tool in KNOWN.values()})


def missing(names: Iterable[str]) -> list[Tool]:
    """The named tools that are not cached. Installs Go if this machine has none: its version is a part of what a build depends on."""
    go_program.ensure()
    version = toolchain()
    return [KNOWN[name] for name in names if not KNOWN[name].output(version).is_dir()]


def go_environment() -> dict[str, str]:
    """Environment for `go`: the bench's own caches, static binaries, and only the toolchain on PATH. Makes its temporary folder."""
    temporary = GO / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return os.environ | {
        "CGO_ENABLED": "0",
        # Large generated packages make the compiler collect garbage for a quarter of its time, for memory that it does not need
        # before GOMEMLIMIT.
        "GOGC": "off",
        "GOMEMLIMIT": "4GiB",
        "GOCACHE": str(GO / "build"),
        "GOFLAGS": "-modcacherw",  # makes the cache removable like any other folder
        "GOMODCACHE": str(GO / "mod"),
        "GOTMPDIR": str(temporary),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def module_folder(tool: Tool, module: str) -> Path:
    """Folder with the sources of `module` in the version that `tool` pins, downloaded without dependencies and checked against go.sum."""
    required = json.loads(go(tool, ["mod", "edit", "-json"]))["Require"]
    (version,) = (pin["Version"] for pin in required if pin["Path"] == module)
    return Path(json.loads(go(tool, ["mod", "download", "-json", f"{module}@{version}"]))["Dir"])


def _build(tool: Tool, output: Path) -> None:
    partial = output.with_name(f"{output.name}.partial")
    partial.mkdir(parents=True)
    command = ["build", *tool.flags, *overlay(tool), "-ldflags", tool.ldflags, "-o", f"{partial}/", *tool.binaries.values()]
    go(tool, command)
    for name, package in tool.binaries.items():
        (partial / _go_name(tool, package)).rename(partial / name)
    for name, (module, path) in tool.scripts.items():
        shutil.copyfile(module_folder(tool, module) / path, partial / name)
        (partial / name).chmod(0o755)
    partial.rename(output)


def overlay(tool: Tool) -> list[str]:
    """Go's option that shows files of a module in the tool's folder, where a program may embed them: nothing is copied."""
    if not tool.embedded:
        return []
    shown = {str(tool.folder / name): str(module_folder(tool, module) / path) for name, (module, path) in tool.embedded.items()}
    overlay = GO / "tmp" / f"{tool.name}.json"
    overlay.write_text(json.dumps({"Replace": shown}))
    return [f"-overlay={overlay}"]


def _go_name(tool: Tool, package: str) -> str:
    """The name that `go build` gives a package's binary: its last path element without a major-version suffix."""
    if package == ".":
        return tool.name
    parts = package.split("/")
    return parts[-2] if parts[-1].startswith("v") and parts[-1][1:].isdigit() else parts[-1]


def go(tool: Tool, arguments: Sequence[str]) -> str:
    """Run `go` in the tool's folder and return its output. Raises BenchError with its last messages and the log with all of them."""
    log = _log(tool)
    with log.open("w") as messages:
        answer = subprocess.run(
            [go_program.program(), *arguments],
            cwd=tool.folder,
            env=go_environment(),
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
            check=False,
        )
    if answer.returncode:
        _fail(tool, log)
    return answer.stdout


def _fail(tool: Tool, log: Path) -> None:
    text = log.read_text(errors="replace")
    if "no space left on device" in text:
        raise BenchError(_space_message(tool))
    tail = "\n".join(f"  {line}" for line in text.strip().splitlines()[-LOG_TAIL:])
    raise BenchError(f"building {tool.name} failed; fix the cause and run again: {BUILD_COMMAND}\n{tail}\n  whole log: {log}")


def _log(tool: Tool) -> Path:
    LOGS.mkdir(parents=True, exist_ok=True)
    return LOGS / f"build-{tool.name}.log"


def _require_space(tool: Tool) -> None:
    if shutil.disk_usage(CACHE).free >= FREE_NEEDED:
        return
    with progress.step(f"trimming   {GO}"):
        shutil.rmtree(GO, ignore_errors=True)
    if shutil.disk_usage(CACHE).free < FREE_NEEDED:
        raise BenchError(_space_message(tool))


def _space_message(tool: Tool) -> str:
    free = shutil.disk_usage(CACHE).free / GIB
    return (
        f"building {tool.name} needs {FREE_NEEDED / GIB:.0f} GiB free under {CACHE}, but only {free:.1f} GiB are free; "
        f"free some space, or set XDG_CACHE_HOME to a larger disk, and run again: {BUILD_COMMAND}"
    )


def _clear_leftovers() -> None:
    """Remove the leftovers of a killed build. The caller holds the build lock, so no other build runs."""
    for partial in BIN.glob("*/*.partial"):
        shutil.rmtree(partial)
    shutil.rmtree(GO / "tmp", ignore_errors=True)


def trim(caches: Iterable[Path], limit: int) -> None:
    """Remove caches in the given order until together they hold at most `limit` bytes."""
    sizes = {cache: _size(cache) for cache in caches}
    for cache in sizes:
        if sum(sizes.values()) > limit:
            with progress.step(f"trimming   {cache}"):
                shutil.rmtree(cache, ignore_errors=True)
            sizes[cache] = 0


def prune(root: Path, limit: int, keep: set[Path]) -> None:
    """Remove builds that are not in `keep`, least recently used first, until `root` holds at most `limit` bytes."""
    builds = sorted(root.glob("*/*"), key=lambda build: build.stat().st_mtime)
    sizes = {build: _size(build) for build in builds}
    total = sum(sizes.values())
    for build in builds:
        if total > limit and build not in keep:
            shutil.rmtree(build)
            total -= sizes[build]


def _size(root: Path) -> int:
    """Bytes under `root` in disk blocks, because Go's caches hold very many small files."""
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            with suppress(FileNotFoundError):  # Go removes files of its cache while it works
                total += os.lstat(f"{folder}/{name}").st_blocks * 512  # st_blocks counts units of 512 bytes on every file system
    return total
