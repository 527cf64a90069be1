"""Runs `buildah` with its own storage under the cache folder.

The storage keeps unpacked layers, so that an interrupted build continues from them. It may be deleted at
any time: base images come back from the registry.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import machine_config
from bench.confined import confined
from bench.errors import BenchError
from bench.paths import CACHE

STORAGE = CACHE / "buildah"
RUN_ROOT = CACHE / "buildah-run"
LOGS = CACHE / "log"

LOG_TAIL = 12


def build(
    context: Path, reference: str, *, target: str | None = None, build_args: Mapping[str, str] | None = None, network: bool = True
) -> None:
    """Build the Containerfile or Dockerfile in `context`. With `network=False`, its RUN steps have no network and no machine settings."""
    arguments = ["--layers", "--force-rm", "--pull=false", "--isolation", "chroot", "--network", "host", "--tag", reference]
    if target:
        arguments += ["--target", target]
    for key, value in (build_args or {}).items():
        arguments += ["--build-arg", f"{key}={value}"]
    if not network:
        _run(["build", *arguments, str(context)], reference)
        return
    with machine_config.mounts() as volumes:
        arguments += [part for volume in volumes for part in ("--volume", volume)]
        _run(["build", *arguments, str(context)], reference)


def push(local: str, reference: str, address: str) -> str:
    """Push `local` to the registry at `address` (host:port) as `reference`; return the digest of the pushed manifest.

    The push keeps buildah's own layer compression. Any other compression would repack every layer at every push, even
    layers that the registry already has.
    """
    with tempfile.NamedTemporaryFile("r", prefix="bench-digest-") as digest:
        options = ["--tls-verify=false", "--format", "oci", "--digestfile", digest.name]
        _run(["push", *options, local, f"docker://{address}/{reference}"], reference)
        return digest.read().strip()


def ensure_local(reference: str, address: str) -> None:
    """Pull a base image from the registry at `address` if the storage no longer has it."""
    if _buildah(["inspect", "--type", "image", reference]).returncode:
        remote = f"{address}/{reference}"
        _run(["pull", "--tls-verify=false", remote], reference)
        _run(["tag", remote, reference], reference)
        _run(["rmi", remote], reference)  # removes only the name, which now belongs to another image


def clear_leftovers() -> None:
    """Remove the unfinished containers of killed builds. The caller holds the build lock."""
    _run(["rm", "--all"], "buildah")


def remove(reference: str) -> None:
    """Remove an image that the registry has and on which no build depends."""
    _run(["rmi", reference], reference)


def prune() -> None:
    """Remove images without a name: newer builds took their names."""
    _run(["rmi", "--prune"], "buildah")


def _run(command: Sequence[str], reference: str) -> None:
    """Run one command about `reference` and write its output to a separate log."""
    answer = _buildah(command)
    log = LOGS / f"image-{reference.replace('/', '_').replace(':', '_')}-{command[0]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(answer.stdout)
    if answer.returncode:
        tail = "\n".join(f"  {line}" for line in answer.stdout.strip().splitlines()[-LOG_TAIL:])
        raise BenchError(f"`buildah {command[0]}` failed for {reference}; fix the cause and run again\n{tail}\n  whole log: {log}")


def _buildah(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    if not shutil.which("buildah"):
        raise BenchError("`buildah` is not installed; run: apt-get install buildah")
    argv = confined(["buildah", "--root", str(STORAGE), "--runroot", str(RUN_ROOT), "--storage-driver", "overlay", *command])
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
