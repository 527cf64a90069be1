"""Builds the clients that `bench env` offers for previews on a machine without Pulumi's tools: no node, no images, no root."""

from __future__ import annotations

import os
from pathlib import Path

from bench import aws_models, build, manifests, mirror
from bench.environment import built_plugins, missing_clients, missing_providers, own_path
from bench.tools import maker

KUSTOMIZE = "kubectl"
"""Renders manifests even if the user has kubectl, because the user's version is unknown."""


def ensure() -> None:
    """Build the missing clients; nothing if the user has every command and provider. Raises BenchError with the reason for a failure."""
    path = own_path(os.environ.get("PATH", ""))
    commands = missing_clients(path)
    providers = missing_providers(path, Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi"))
    if not commands and not providers:
        return
    build.ensure(dict.fromkeys(maker(name).name for name in (*commands, *built_plugins(providers), KUSTOMIZE)))
    mirror.ensure(manifests.TABLE)
    aws_models.ensure()
