"""Makes what `bench env` offers to a machine without Pulumi's tools, so that stacks can be previewed: no node, no images, no root."""

from __future__ import annotations

import os
from pathlib import Path

from bench import aws_models, build, manifests, mirror
from bench.environment import missing_clients, missing_providers, own_path
from bench.tools import maker

KUSTOMIZE = "kubectl"
"""Makes manifests, also for a person who has one: theirs could be of any version."""


def ensure() -> None:
    """Build what is missing and not cached; nothing where a person has every command and provider. BenchError says why not."""
    path = own_path(os.environ.get("PATH", ""))
    commands = missing_clients(path)
    if not commands and not missing_providers(path, Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")):
        return
    build.ensure(dict.fromkeys(maker(name).name for name in (*commands, KUSTOMIZE)))
    mirror.ensure(manifests.TABLE)
    aws_models.ensure()
