"""Helm releases that a killed `pulumi` left in the middle: Helm refuses every later install or upgrade of them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

from scripts.commands import show

RELEASE = "kubernetes:helm.sh/v3:Release"
HOOKLESS = "--no-hooks"
"""A hook's Job may be what the killed run waited for."""


def settle(operation: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Undo what a killed `creating` or `updating` of a release did not finish; return whether the cluster has the release.

    An installation that never ended goes altogether, because Helm can't continue it; an upgrade goes back to the revision before.
    """
    inputs = operation["resource"]["inputs"]
    named = [inputs["name"], "--namespace", inputs.get("namespace", "default")]
    status = _status(named, environment)
    if status is None or status == "deployed":
        return status is not None
    if operation["type"] == "creating":
        show(["helm", "uninstall", *named, HOOKLESS, "--wait"], environment)
        return False
    if status.startswith("pending-"):
        show(["helm", "rollback", *named, HOOKLESS], environment)
    return True


def _status(named: list[str], environment: Mapping[str, str]) -> str | None:
    """Return the status of the latest revision; None without any."""
    command = ["helm", "status", *named, "--output", "json"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    return str(json.loads(done.stdout)["info"]["status"]) if done.returncode == os.EX_OK else None
