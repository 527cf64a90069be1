"""Files of the base images, fetched from Debian with this machine's apt configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import machine_config
from bench.confined import confined
from bench.errors import BenchError

SUITE = "bookworm"

SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
"""Debian 12's mirror lists, newer layout first."""

UNUSED = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")

SOURCE_DATE_EPOCH = "1735689600"
"""Newest file time in the root file system, in seconds since 1970. A fixed time gives the same layer for the same packages."""


@dataclass(frozen=True)
class DebianRoot:
    """A root file system as a tar file: Debian's essential packages, apt, and `packages`."""

    packages: Sequence[str]

    def key(self) -> str:
        return repr((SUITE, UNUSED, SOURCE_DATE_EPOCH, tuple(self.packages)))

    def write(self, target: Path) -> None:
        arguments = ["--mode=root", "--variant=apt", "--quiet", f"--include={','.join(self.packages)}"]
        arguments += [f"--dpkgopt=path-exclude={pattern}" for pattern in UNUSED]
        arguments += [f"--aptopt={setting.rstrip(';')}" for setting in machine_config.apt_settings().splitlines()]
        # The scratch folder lies beside the result, so that a killed build's leftovers are removed together with it.
        environment = {"SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH, "TMPDIR": str(target.parent)}
        _run("mmdebstrap", *arguments, SUITE, str(target), *_sources(), environment=environment)


@dataclass(frozen=True)
class DebianFile:
    """One file of a Debian package."""

    package: str
    path: str

    def key(self) -> str:
        return repr((SUITE, self.package, self.path))

    def write(self, target: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="bench-debian-") as folder:
            # apt downloads as a separate user, which cannot write into a folder of root.
            _run("apt-get", "-o", "APT::Sandbox::User=root", "download", self.package, cwd=Path(folder))
            package = next(Path(folder).glob("*.deb"))
            _run("dpkg-deb", "--extract", str(package), f"{folder}/root")
            shutil.copyfile(f"{folder}/root{self.path}", target)
        target.chmod(0o755)


def _sources() -> list[str]:
    """This machine's mirror lists if it runs the same Debian release, else an empty list: mmdebstrap then uses Debian's own mirrors."""
    return [str(path) for path in SOURCES if path.is_file() and SUITE in path.read_text()][:1]


def _run(program: str, *arguments: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
    if not shutil.which(program):
        raise BenchError(f"`{program}` is not installed; run: apt-get install mmdebstrap")
    command = confined([program, *arguments])
    variables = os.environ | dict(environment or {})
    answer = subprocess.run(command, cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if answer.returncode:
        lines = [line for line in answer.stdout.splitlines() if line.strip()]
        said = f"\n  {lines[-1]}" if lines else ""
        raise BenchError(f"`{program}` could not fetch from Debian; check that `apt-get update` works here, then run again{said}")
