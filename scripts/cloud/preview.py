"""Previews `pulumi up` of a cloud stack: against the stack's own state, or, without one, against an empty state."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.commands import ROOT, answer, show
from scripts.errors import DriverError
from scripts.preview.live import check
from scripts.preview.run import summarized
from scripts.stack_file import PROJECT, content, stack_file, with_keys

BENCH = [sys.executable, "-m", "bench"]
OF_THE_STATE = ("secretsprovider", "encryptedkey", "encryptionsalt")
"""Keys of a stack file that belong to its real state; an empty state has its own."""


def preview(stack: str, arguments: list[str], summary_only: bool = False) -> None:
    """`pulumi preview` of a stack. A real state needs the user's own tools, because a simulated plugin knows nothing about it.

    With an empty state, the bench's tools replace those that this machine lacks; its aws plugin says that it simulates.
    """
    if os.environ.get("PULUMI_BACKEND_URL"):
        environment = real_tools()
        summarized(stack, arguments, environment, summary_only)
        check(stack, stack_file(stack), environment)
        return
    print(f"PULUMI_BACKEND_URL is not set: previewing {stack} as if nothing existed yet\n", file=sys.stderr, flush=True)
    show([*BENCH, "build", "--clients"], os.environ)
    environment, mirror = tools(dict(os.environ))
    with tempfile.TemporaryDirectory(prefix=f"preview-{stack}-") as folder:
        config_file, environment = scratch_stack(Path(folder), stack, {"mirror": mirror} if mirror else {}, environment)
        summarized(stack, ["--config-file", str(config_file), *arguments], environment, summary_only)


def scratch_stack(folder: Path, stack: str, changes: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[Path, dict[str, str]]:
    """A stack with an empty state in `folder`: its configuration file, and the environment for `pulumi`.

    `changes`: keys of the stack file, each merged over the committed one.
    """
    own = {key: value for key, value in content(stack_file(stack)).items() if key not in OF_THE_STATE}
    for key, value in changes.items():
        name = f"{PROJECT}:{key}"
        own["config"][name] = with_keys(own["config"].get(name), value)
    config_file = folder / f"Pulumi.{stack}.yaml"
    config_file.write_text(yaml.safe_dump(own, sort_keys=False))
    (folder / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    (folder / "state").mkdir()
    scratch = {
        **environment,
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe(16),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_OPTION_CONFIG_FILE": str(config_file),  # the program cannot see --config-file
    }
    answer(["pulumi", "stack", "init", stack, "--non-interactive", "-C", str(folder)], scratch)
    return config_file, scratch


def tools(environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, object]]:
    """The environment in which `pulumi` finds everything, and the bench's mirror if the tools are the bench's."""
    bench = json.loads(answer([*BENCH, "env"], environment))
    if not bench["path"]:
        return _with_this_python(environment), {}
    path = os.pathsep.join([*bench["path"], environment["PATH"]])
    # Plugins come from PATH or from the user's plugin folder; a download could only fail, slowly.
    found = {**environment, "PATH": path, "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
    return _with_this_python(found), {"manifests": bench["manifests"]}


def _with_this_python(environment: Mapping[str, str]) -> dict[str, str]:
    """Put this Python first on PATH, because Pulumi's language host runs the first `python3` that it finds."""
    python = Path(sys.executable).parent
    return {**environment, "PATH": os.pathsep.join([str(python), environment["PATH"]]), "VIRTUAL_ENV": str(python.parent)}


def real_tools() -> dict[str, str]:
    """The environment for a real state, with only the user's own tools."""
    if shutil.which("pulumi") is None:
        raise DriverError(
            "PULUMI_BACKEND_URL names a state, and a state needs the real tools: install `pulumi` (https://www.pulumi.com/docs/install/), "
            "or unset PULUMI_BACKEND_URL to preview as if nothing existed yet"
        )
    return _with_this_python(os.environ)
