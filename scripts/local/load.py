"""`python -m scripts.local.load [OPTIONS]`: loads `mnist-classifier` on the running `local` stack and counts its replicas (`make load`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

from scripts.errors import DriverError
from scripts.local import cluster as clusters
from scripts.local.engine import outputs
from scripts.local.workspace import prepare


def main() -> NoReturn:
    """Turns into the load itself, so that Ctrl-C and the exit code are its own."""
    try:
        workspace = prepare(clusters.running())
        url = _mnist(outputs(workspace))
    except DriverError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    name, namespace = (urlsplit(url).hostname or "").split(".")[:2]
    command = [sys.executable, "-m", "scripts.mlops.load_test_mnist", "--url", url, "--replicas-of", f"{namespace}/{name}"]
    os.execve(sys.executable, [*command, *sys.argv[1:]], workspace.environment)  # noqa: S606 (no shell)


def _mnist(found: Mapping[str, Any]) -> str:
    url = found.get("endpoints", {}).get("mnist")
    if not url:
        raise DriverError("the stack has no MNIST endpoint; `make up` brings it")
    return str(url)


if __name__ == "__main__":
    main()
