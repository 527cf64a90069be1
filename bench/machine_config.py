"""This machine's settings for downloads during an image build: certificates, and the registries of pip and apt.

They are mounted into the build and never become part of an image, so an image does not depend on where it was built.
Proxies from the environment need nothing here: buildah and apt pass them on.
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
"""Debian's certificate bundle, in images and usually on the machine too."""

PIP_OPTIONS = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy", "timeout", "retries")
"""pip's options that say where packages come from; its other options concern only this machine."""


@contextmanager
def mounts() -> Iterator[list[str]]:
    """`source:target:ro` volumes for a build's RUN steps; the files behind them exist while the body runs."""
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
    """The options of `PIP_OPTIONS` in the output of `pip config list`; the environment's come last so that they win, as in pip."""
    found: dict[str, str] = {}
    for line in sorted(listing.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in PIP_OPTIONS:
            found[option] = str(ast.literal_eval(value))
    return found


def apt_settings() -> str:
    """This machine's apt settings for reaching its mirrors, such as proxies, as lines of an apt.conf."""
    return "".join(f"{line}\n" for line in _output("apt-config", "dump").splitlines() if line.startswith("Acquire::http"))


def _write_pip_conf(path: Path, options: dict[str, str]) -> None:
    config = configparser.RawConfigParser()
    config["global"] = options | {"cert": str(CA_BUNDLE), "no-cache-dir": "true"}
    with path.open("w") as file:
        config.write(file)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
