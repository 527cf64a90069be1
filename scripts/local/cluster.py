"""The cluster of the stack `local`: the one that KUBECONFIG names, or else the bench's node."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts import model_folders, whole_file
from scripts.commands import answer, show
from scripts.errors import DriverError
from scripts.local import own_images

BENCH = [sys.executable, "-m", "bench"]


@dataclass(frozen=True)
class Cluster:
    """A reachable cluster, and the values that it adds to the stack's configuration.

    `config` holds values of the stack file that depend on this machine. `path` holds folders with the tools that the machine lacks, and
    `variables` what programs that talk to the cluster need in their environment. `state` is where the driver may keep the stack's state.
    """

    kubeconfig: Path
    state: Path
    config: dict[str, object] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    is_bench: bool = False

    def environment(self) -> dict[str, str]:
        """PATH starts with this Python's folder: Pulumi's language host runs the `python3` it finds there."""
        python = Path(sys.executable).parent
        path = os.pathsep.join([str(python), *self.path, os.environ.get("PATH", "")])
        return (
            dict(os.environ) | dict(self.variables) | {"KUBECONFIG": str(self.kubeconfig), "PATH": path, "VIRTUAL_ENV": str(python.parent)}
        )


def start(extras: Iterable[str] = (), models: Iterable[str] = ()) -> Cluster:
    """Return the user's own cluster, or bring up the bench's node with these extras (a no-op when it runs and has them).

    While the bench builds its tools, it also builds the images of these models.
    """
    if not os.environ.get("KUBECONFIG"):
        parts = [word for name in extras for word in ("--with", name)]
        show([*BENCH, "up", *parts, *(word for name in models for word in _early(name))], os.environ)
    return running()


def _early(name: str) -> list[str]:
    return [
        word
        for image, stage in model_folders.images(name).items()
        for word in ("--image", f"{model_folders.image_name(name, image)}={model_folders.FOLDER}/{name}:{stage}")
    ]


def running() -> Cluster:
    """Return the same cluster, for commands that expect it to run already."""
    if os.environ.get("KUBECONFIG"):
        return _own(os.environ["KUBECONFIG"])
    bench = json.loads(answer([*BENCH, "env"], os.environ))
    config: dict[str, object] = {
        "cluster": {"kind": "existing", "kubeconfig": bench["kubeconfig"], "identifier": bench["cluster"]},
        "mirror": {"charts": bench["charts"], "manifests": bench["manifests"], "images": bench["images"], "digests": "drop"},
    }
    if "monitoring" in bench:
        config["monitoring"] = bench["monitoring"]
    folder = Path(bench["state"]) / "pulumi"
    return Cluster(Path(bench["kubeconfig"]), folder, config, tuple(bench["path"]), bench["environment"], is_bench=True)


def images(cluster: Cluster, names: Iterable[str], named: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Build the images of these models; return by model the references of `server` and `weights` that its folder has.

    A reference names the content, so a changed model server is a new image. `named`: the images that the stack file names.
    """
    if not cluster.is_bench:
        return own_images.images(names, named, cluster.environment())
    found = {name: model_folders.images(name) for name in names}
    return {name: {image: _built(name, image, stage) for image, stage in stages.items()} for name, stages in found.items() if stages}


def _built(name: str, image: str, stage: str) -> str:
    folder = f"{model_folders.FOLDER}/{name}"
    return answer([*BENCH, "image", folder, model_folders.image_name(name, image), "--target", stage], os.environ)


def _own(variable: str) -> Cluster:
    """`variable`: the value of KUBECONFIG, one file or several. Like kubectl, this leaves out missing files.

    Each cluster has a state folder of its own: what was deployed to one is not there in another, nor in one that was made again.
    """
    files = [Path(name).absolute() for name in dict.fromkeys(variable.split(os.pathsep)) if name and Path(name).is_file()]
    if not files:
        raise DriverError(f"KUBECONFIG={variable}: no such file; unset it to use the bench's node, or name your cluster's file")
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "inference-platform"
    kubeconfig = files[0] if len(files) == 1 else _merged(files, state)
    return Cluster(kubeconfig, state / _identity(kubeconfig))


def _identity(kubeconfig: Path) -> str:
    """Return the cluster's own id: the uid of a namespace that lives as long as the cluster."""
    command = ["kubectl", "get", "namespace", "kube-system", "--output", "jsonpath={.metadata.uid}"]
    return answer(command, {**os.environ, "KUBECONFIG": str(kubeconfig)})


def _merged(files: Sequence[Path], state: Path) -> Path:
    """Write one file with the merged content of these: Pulumi's kubernetes provider takes KUBECONFIG for the path of one file.

    It holds the credentials of all of them, so only its owner can read it.
    """
    command = ["kubectl", "config", "view", "--raw", "--flatten"]
    text = answer(command, {**os.environ, "KUBECONFIG": os.pathsep.join(map(str, files))})
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    merged = state / "kubeconfig"
    whole_file.write(merged, text, whole_file.OWNER)
    return merged
