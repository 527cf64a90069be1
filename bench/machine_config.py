"""What downloads need from this machine while an image is built: its certificates, and how pip and apt reach their registries.

It is mounted into the build and never becomes part of an image, so that an image says nothing about where it was made.
Proxies from the environment need nothing here: buildah and apt pass them on themselves.
"""

from __future__ import annotations

import ast
import configparser
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
"""Where Debian keeps the certificates, in images and mostly on the machine."""

PIP_OPTIONS = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy", "timeout", "retries")
"""pip's options that say where packages come from; its other options are about this machine's own use of pip."""


@contextmanager
def mounts() -> Iterator[list[str]]:
    """`source:target:ro` volumes for a build's RUN steps; the files behind them last as long as the body."""
    with tempfile.TemporaryDirectory(prefix="bench-config-") as folder:
        pip, apt = Path(folder) / "pip.conf", Path(folder) / "apt.conf"
        options = pip_options(_output(sys.executable, "-m", "pip", "config", "list"))
        _write_pip_conf(pip, options)
        apt.write_text(apt_settings())
        bundle = Path(os.environ.get("SSL_CERT_FILE") or CA_BUNDLE)
        sources = {bundle: CA_BUNDLE, pip: Path("/etc/pip.conf"), apt: Path("/etc/apt/apt.conf.d/90machine")}
        sources |= {path: path for path in map(Path, options.get("find-links", "").split()) if path.is_absolute()}
        yield [f"{source}:{target}:ro" for source, target in sources.items() if source.exists()]


def pip_options(listing: str) -> dict[str, str]:
    """Those of `PIP_OPTIONS` that `pip config list` shows, the environment's last so that they win, as pip has it."""
    found: dict[str, str] = {}
    for line in sorted(listing.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in PIP_OPTIONS:
            found[option] = str(ast.literal_eval(value))
    return found


def apt_settings() -> str:
    """How this machine's apt reaches its mirrors, proxies for one, as lines of an apt.conf."""
    return "".join(f"{line}\n" for line in _output("apt-config", "dump").splitlines() if line.startswith("Acquire::http"))


def _write_pip_conf(path: Path, options: dict[str, str]) -> None:
    config = configparser.RawConfigParser()
    config["global"] = options | {"cert": str(CA_BUNDLE), "no-cache-dir": "true"}
    with path.open("w") as file:
        config.write(file)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
