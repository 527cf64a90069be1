"""AWS service models for the simulated aws plugin: a few JSON files from botocore's wheel, cached once per version.

The wheel itself (16 MB) is deleted; the models take 1 MB.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bench import progress
from bench.errors import BenchError
from bench.lock import exclusive
from bench.paths import CACHE
from bench.plugins.aws.table import SERVICES

PIN = Path(__file__).parent / "plugins" / "aws" / "requirements.txt"
MODELS = CACHE / "aws-models"
LOCK = CACHE / "aws-models.lock"


def installed() -> Path | None:
    """The folder with `<service>.json.gz` for every service of the plugin's table; None before a build."""
    folder = _folder()
    return folder if folder.is_dir() else None


def ensure() -> None:
    """Fetch the models that are not cached. Raises BenchError with the reason for a failure."""
    if installed():
        progress.line("cached     AWS service models", requirement())
        return
    with exclusive(LOCK, "the AWS service models"):
        if not installed():  # another process may have fetched them while this one waited
            with progress.step(f"fetching   AWS service models, {requirement()}"):
                _fetch()


def requirement() -> str:
    """The pinned wheel, such as `botocore==1.44.5`."""
    (line,) = (line for line in PIN.read_text().splitlines() if line and not line.startswith("#"))
    return line


def extract(wheel: Path, target: Path) -> None:
    """Extract the newest model of each service; a wheel also carries models of older API versions."""
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(archive.namelist())
        for service in SERVICES:
            versions = [name for name in names if re.fullmatch(rf"botocore/data/{service}/[\d-]+/service-2\.json\.gz", name)]
            if not versions:
                raise BenchError(f"{wheel.name} has no model of {service}; see the pin in {PIN}")
            (target / f"{service}.json.gz").write_bytes(archive.read(versions[-1]))


def _fetch() -> None:
    MODELS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MODELS, prefix=".") as scratch:
        whole = Path(scratch) / "whole"
        whole.mkdir()
        extract(_download(Path(scratch)), whole)
        whole.rename(_folder())


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    answer = subprocess.run([*command, requirement()], capture_output=True, text=True, check=False)
    if answer.returncode:
        raise BenchError(f"downloading {requirement()} failed: {answer.stderr.strip()}")
    (wheel,) = folder.glob("*.whl")
    return wheel


def _folder() -> Path:
    content = " ".join([requirement(), *SERVICES])
    return MODELS / hashlib.sha256(content.encode()).hexdigest()[:16]
