"""The files of the `local` stack on this machine: its state, its passphrase and its configuration.

Pulumi writes an encryption salt into the stack's file, and this machine adds a kubeconfig and a mirror: both go into a
copy under the state folder, so that the checkout stays clean.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts import whole_file
from scripts.commands import ROOT
from scripts.local.cluster import Cluster
from scripts.local.cluster import images as build_images
from scripts.local.overlays import kept, laid_below, laid_over
from scripts.stack_file import PROJECT, content, read, sections, with_keys

STACK = "local"
COMMITTED = ROOT / f"Pulumi.{STACK}.yaml"
"""The stack file of the checkout."""

Images = dict[str, dict[str, str]]
"""The image references of a model's server and weights, by model."""

DAY_SECONDS = 24 * 3600
SELDOM_COLLECTED = {"GOGC": "200"}
"""Pulumi writes its whole state, 10 MB, twice for every step, and garbage collection takes a third of that processor time: this saves half
of the third and takes 160 MiB more memory."""


@dataclass(frozen=True)
class Workspace:
    """The folder of the stack's copy of `Pulumi.local.yaml`, and the environment in which `pulumi` finds everything."""

    folder: Path
    environment: dict[str, str]

    @property
    def config_file(self) -> Path:
        return self.folder / f"Pulumi.{STACK}.yaml"


def prepare(cluster: Cluster) -> Workspace:
    """Make state folder and passphrase once, and give `pulumi` the user's own ones if they exist."""
    folder = cluster.state
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = {**SELDOM_COLLECTED, "TMPDIR": str(_temporary(folder / "tmp"))}
    environment = {**own, **cluster.environment(), "PULUMI_SKIP_UPDATE_CHECK": "1"}
    if "PULUMI_BACKEND_URL" not in environment:
        backend = folder / "state"
        backend.mkdir(mode=0o700, exist_ok=True)
        environment["PULUMI_BACKEND_URL"] = f"file://{backend}"
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & environment.keys():
        environment["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(_passphrase(folder / "passphrase"))
    if cluster.is_bench:
        # Plugins come from PATH or from the user's own plugin folder; a download could only fail, slowly.
        environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    (folder / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    workspace = Workspace(folder, environment)
    # The program cannot see --config-file, and reads in this file which values are secret (stacks/config/secrets.py).
    environment["PULUMI_OPTION_CONFIG_FILE"] = str(workspace.config_file)
    return workspace


def configured(cluster: Cluster) -> Workspace:
    """Prepare the workspace with this machine's configuration."""
    workspace = prepare(cluster)
    write_config(workspace, cluster, built(cluster))
    return workspace


def built(cluster: Cluster) -> Images:
    """Build the images that this cluster's models need and that the stack file does not name."""
    return build_images(cluster, model_names(cluster), read(COMMITTED).get("images") or {})


def model_names(cluster: Cluster, source: Path = COMMITTED) -> list[str]:
    """Return the models that this cluster serves, from the stack file and this machine's overlays."""
    return list(with_machine(read(source), cluster, {}).get("models") or {})


def write_config(workspace: Workspace, cluster: Cluster, images: Images, source: Path = COMMITTED) -> None:
    """Write the committed stack file with this machine's settings; the salt of an earlier run is kept."""
    committed = content(source)
    earlier: dict[str, Any] = yaml.safe_load(workspace.config_file.read_text()) if workspace.config_file.exists() else {}
    merged = {key: value for key, value in (earlier or {}).items() if key == "encryptionsalt"} | committed
    known = with_machine(sections(committed), cluster, images)
    merged["config"] = committed["config"] | {f"{PROJECT}:{name}": value for name, value in known.items()}
    whole_file.write(workspace.config_file, yaml.safe_dump(merged, sort_keys=False))


def with_machine(given: dict[str, Any], cluster: Cluster, images: Images) -> dict[str, Any]:
    """Return these sections with this machine's settings. The stack file's own models and images stay: the user chose them."""
    given = laid_below(given, kept(cluster.state))
    named = given.get("images") or {}
    chosen = {"images": laid_over(images, named)} if images and isinstance(named, dict) else {}
    machine: dict[str, Any] = {**cluster.config, **chosen}
    return {**given, **{name: with_keys(given.get(name), section) for name, section in machine.items()}}


def _temporary(folder: Path) -> Path:
    """Return a folder for temporary files that its owner alone reads, without the kubeconfigs of earlier days.

    The kubernetes plugin leaves a kubeconfig behind on every run (pulumi-kubernetes:provider/pkg/provider/util.go). A younger one may
    belong to a command that still runs.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.glob("kubeconfig*"):
        if left.stat().st_mtime < time.time() - DAY_SECONDS:
            left.unlink(missing_ok=True)
    return folder


def _passphrase(path: Path) -> Path:
    """Return a random passphrase, written once and readable by its owner only. Without it the stack's secrets are lost."""
    if not path.exists():
        whole_file.write(path, secrets.token_urlsafe(32), whole_file.OWNER)
    return path
