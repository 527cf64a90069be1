"""Which cluster `local` means: the one KUBECONFIG names, or else the bench's node."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from scripts.commands import answer, show
from scripts.errors import DriverError

BENCH = [sys.executable, "-m", "bench"]


@dataclass(frozen=True)
class Cluster:
    """A reachable cluster, and what the stack's configuration has to say about it.

    `config` holds values of the stack file that only this machine knows; `path` holds folders with the tools the
    machine lacks; `state` is where the driver may keep the stack's state.
    """

    kubeconfig: Path
    state: Path
    config: dict[str, object] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    is_bench: bool = False

    def environment(self) -> dict[str, str]:
        """PATH starts with this Python's folder: Pulumi's language host runs the `python3` it finds there."""
        python = Path(sys.executable).parent
        path = os.pathsep.join([str(python), *self.path, os.environ.get("PATH", "")])
        return dict(os.environ) | {"KUBECONFIG": str(self.kubeconfig), "PATH": path, "VIRTUAL_ENV": str(python.parent)}


def start() -> Cluster:
    """The user's own cluster, or the bench's node brought up (which is a no-op when it runs)."""
    if os.environ.get("KUBECONFIG"):
        return _own(Path(os.environ["KUBECONFIG"]))
    show([*BENCH, "up"], os.environ)
    return running()


def running() -> Cluster:
    """The same, for commands that expect it to run already."""
    if os.environ.get("KUBECONFIG"):
        return _own(Path(os.environ["KUBECONFIG"]))
    bench = json.loads(answer([*BENCH, "env"], os.environ))
    config: dict[str, object] = {
        "cluster": {"kind": "existing", "kubeconfig": bench["kubeconfig"], "identifier": bench["cluster"]},
        "mirror": {"charts": bench["charts"], "manifests": bench["manifests"], "images": bench["images"], "digests": "drop"},
        "knative": {
            "ingress": {"kind": "existing", "ingressClass": bench["knativeIngress"]["class"], "service": bench["knativeIngress"]["service"]}
        },
    }
    return Cluster(Path(bench["kubeconfig"]), Path(bench["state"]) / "pulumi", config, tuple(bench["path"]), is_bench=True)


def images() -> dict[str, str]:
    """Build this repository's images with the bench and name them by content: a changed model server is a new image."""
    build = [*BENCH, "image", "images/mnist"]
    return {
        "mnist": answer([*build, "mnist-predictor", "--target", "serving"], os.environ),
        "mnistWeights": answer([*build, "mnist-weights", "--target", "weights"], os.environ),
    }


def _own(kubeconfig: Path) -> Cluster:
    if not kubeconfig.is_file():
        raise DriverError(f"KUBECONFIG={kubeconfig}: no such file; unset it to use the bench's node, or name your cluster's file")
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "inference-platform"
    return Cluster(kubeconfig, state)
