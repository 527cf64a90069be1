"""Previews of the committed stacks on the real engine with the policy pack, as if nothing existed yet.

The test makes up the things that only an owner has, and names them so: images, and for prod a complete lock (`with_stand_in_digests`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from bench import aws_models, build, manifests, mirror
from bench.environment import missing_clients, own_path
from components import lock
from scripts.cloud.preview import scratch_stack, tools
from scripts.preview.plan import Plan, read
from scripts.preview.run import POLICY_PACK
from tests.graph.stacks import stand_in_lock
from tests.policies.analyzer_harness import OWN_REGISTRY
from tests.stack_files import IMAGES_BY_DIGEST, NAMESPACE

ROOT = Path(__file__).parents[2]
KNATIVE_IMAGE = re.compile(r"(?P<name>gcr\.io/knative-releases/[\w./-]+):v[\d.]+")


@dataclass(frozen=True)
class Machine:
    """The environment and the mirror of `make preview`, with the tools that this machine lacks."""

    environment: dict[str, str]
    mirror: dict[str, object]

    @property
    def manifests(self) -> Path:
        return Path(str(self.mirror["manifests"]))


@dataclass(frozen=True)
class Preview:
    code: int
    text: str
    plan: Plan

    @property
    def types(self) -> Counter[str]:
        return Counter(change.type for change in self.plan.changes)


@dataclass(frozen=True)
class Scratch:
    """A stack with an empty state. `changes`: keys of the stack file, each instead of the committed one. `program`: whose stack it is."""

    folder: Path
    stack: str
    machine: Machine
    changes: Mapping[str, Any] = field(default_factory=dict)
    program: Path = ROOT

    def preview(self) -> Preview:
        rules = self.folder / "rules.json"
        rules.write_text(json.dumps(OWN_REGISTRY))
        log = self.folder / "events.json"
        done = self.pulumi("preview", "--event-log", str(log), *POLICY_PACK, "--policy-pack-config", str(rules))
        return Preview(done.returncode, done.stdout + done.stderr, read(log))

    def pulumi(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.machine.environment, "PULUMI_DEBUG_COMMANDS": "true"}  # unlocks --event-log
        file, environment = scratch_stack(self.folder, self.stack, {"mirror": self.machine.mirror}, environment)
        content = yaml.safe_load(file.read_text())
        content["config"] |= {f"{NAMESPACE}{key}": value for key, value in {"images": IMAGES_BY_DIGEST, **self.changes}.items()}
        file.write_text(yaml.safe_dump(content))
        arguments = ["--stack", self.stack, "--config-file", str(file), "--non-interactive", "--color=never"]
        return subprocess.run(
            ["pulumi", *command, *arguments], env=environment, cwd=self.program, capture_output=True, text=True, check=False
        )


def this_machine() -> Machine:
    if missing_clients(own_path(os.environ["PATH"])):
        build.ensure()
    aws_models.ensure()
    mirror.ensure(manifests.TABLE)
    environment, place = tools({key: value for key, value in os.environ.items() if key != "PULUMI_BACKEND_URL"})
    return Machine(environment, place)


def with_stand_in_digests(folder: Path, machine: Machine) -> tuple[Path, Machine]:
    """A copy of the program and of the mirror's manifests in which every image has a digest, and nothing a digest of anything real.

    No registry can be asked here, and digests are not made up in the repository. Knative's images have theirs in upstream's manifests; the
    bench, which builds them itself, has tags there.
    """
    for name in ("__main__.py", "Pulumi.yaml"):
        shutil.copy(ROOT / name, folder)
    for name in ("components", "stacks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    manifests = folder / "manifests"
    manifests.mkdir()
    for file in machine.manifests.iterdir():
        (manifests / file.name).write_text(KNATIVE_IMAGE.sub(_by_digest, file.read_text()))
    (folder / "components" / lock.LOCK_FILE.name).write_text(lock.render(stand_in_lock(manifests)))
    return folder, replace(machine, mirror={**machine.mirror, "manifests": str(manifests)})


def _by_digest(image: re.Match[str]) -> str:
    return f"{image['name']}@sha256:{hashlib.sha256(image[0].encode()).hexdigest()}"
