"""Runs Pulumi programs that are plain lists of resources, and says what the engine did to each of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from scripts.local import orphans, recovery
from tests.engine import inline
from tests.engine.program import Resource, declare


@dataclass
class Run:
    """The result of one Pulumi command: its exit code, its text, and the operations per resource name."""

    code: int
    text: str
    operations: dict[str, set[str]] = field(default_factory=dict)
    paths: dict[str, set[str]] = field(default_factory=dict)

    def changed(self) -> dict[str, set[str]]:
        """Operations other than "same", without the stack and the providers."""
        return {name: found - {"same"} for name, found in self.operations.items() if found - {"same"}}


@dataclass(frozen=True)
class Cluster:
    """The API server as `kubectl` sees it, next to Pulumi."""

    environment: dict[str, str]

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["kubectl", *arguments], env=self.environment, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0 or not check, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def get(self, kind: str, name: str, namespace: str = "default") -> dict[str, Any] | None:
        text = self.kubectl("get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found", check=False)  # a kind may be gone too
        return dict(json.loads(text)) if text else None

    def patch(self, kind: str, name: str, namespace: str, change: dict[str, Any]) -> None:
        self.kubectl("patch", kind, name, "-n", namespace, "--type=merge", "-p", json.dumps(change))

    def apply(self, manifest: dict[str, Any]) -> None:
        self.kubectl("create", "-f", "-", stdin=json.dumps(manifest))

    def apply_as(self, manager: str, manifest: dict[str, Any]) -> None:
        """Server-side apply as another field manager, taking the fields over."""
        self.kubectl("apply", "--server-side", "--force-conflicts", f"--field-manager={manager}", "-f", "-", stdin=json.dumps(manifest))


class Stack:
    """One stack with a file backend of its own below `folder`. Its program declares the resources of a call, or is the one given."""

    _new: ClassVar[dict[Path, bytes]] = {}
    """The files of a stack that was just made: copied, since to make one takes half the processor time of an `up`."""

    def __init__(self, folder: Path, environment: dict[str, str], program: Callable[[], None] | None = None) -> None:
        self.folder = folder / "program"
        self.backend = folder / "state"
        self.folder.mkdir()
        self.backend.mkdir()
        temporary = folder / "tmp"  # the official kubernetes plugin leaves a kubeconfig behind on every run
        temporary.mkdir()
        self._program = program
        self._resources: list[Resource] = []
        self.environment = {
            **environment,
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "contract",
            "PULUMI_DEBUG_COMMANDS": "true",  # unlocks --event-log
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_STACK": "test",
            "TMPDIR": str(temporary),
        }
        self._create()

    def up(self, resources: list[Resource]) -> Run:
        self._resources = resources
        return self._run("up", "--yes", "--skip-preview")

    def preview(self, resources: list[Resource]) -> Run:
        self._resources = resources
        return self._run("preview", "--diff")

    def refresh(self) -> Run:
        return self._run("refresh", "--yes", "--skip-preview")

    def continue_killed(self) -> Run:
        """Repair the stack after a killed `up` by the driver's own means: release the lock, settle pending operations, and refresh."""
        self.unlock()
        exported = json.loads(self._pulumi("stack", "export").stdout)
        recovery.settle_pending(exported["deployment"], self.environment)
        (self.folder / "mended.json").write_text(json.dumps(exported))
        imported = self._pulumi("stack", "import", "--file", "mended.json")
        assert imported.returncode == 0, imported.stderr
        return self.refresh()

    def destroy(self) -> Run:
        return self._run("destroy", "--yes", "--skip-preview")

    def state(self) -> str:
        """Everything Pulumi wrote to disk, backups and history included."""
        return "\n".join(path.read_text(errors="replace") for path in self.backend.rglob("*") if path.is_file())

    @contextmanager
    def running_up(self, resources: list[Resource]) -> Iterator[subprocess.Popen[str]]:
        """An `up` in the background, in a process group of its own so that a test can kill part or all of it."""
        self._resources = resources
        command = ["pulumi", "up", "--yes", "--skip-preview", "--color=never", "--non-interactive"]
        with self._runtime():
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                orphans.end(self.folder)
                process.communicate(timeout=60)

    def unlock(self) -> None:
        self._pulumi("cancel", "--yes")

    def _create(self) -> None:
        root = self.folder.parent
        if not self._new:
            self._write_project({"name": "python"})
            made = self._pulumi("stack", "init", "test")
            assert made.returncode == 0, made.stderr
            files = [path for folder in (self.folder, self.backend) for path in folder.rglob("*") if path.is_file()]
            self._new.update({path.relative_to(root): path.read_bytes() for path in files})
        for path, content in self._new.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)

    @contextmanager
    def _runtime(self) -> Iterator[None]:
        with inline.runtime(self._declare) as runtime:
            self._write_project(runtime)
            yield

    def _declare(self) -> None:
        if self._program:
            self._program()
        else:
            declare(self._resources, self.environment["KUBECONFIG"])

    def _write_project(self, runtime: dict[str, Any]) -> None:
        (self.folder / "Pulumi.yaml").write_text(json.dumps({"name": "provider-contract", "runtime": runtime}))

    def _pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *arguments, "--color=never", "--non-interactive"]
        return subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False)

    def _run(self, *arguments: str) -> Run:
        events = self.folder / "events.json"
        events.unlink(missing_ok=True)
        with self._runtime():
            done = self._pulumi(*arguments, "--event-log", str(events))
        run = Run(done.returncode, done.stdout + done.stderr)
        for line in events.read_text().splitlines() if events.exists() else []:
            _collect(run, json.loads(line))
        return run


def _collect(run: Run, event: dict[str, Any]) -> None:
    # A refresh is known by what came out of it; everything else by the step that was planned.
    outputs = event.get("resOutputsEvent") or {}
    metadata = (outputs or event.get("resourcePreEvent") or {}).get("metadata")
    if not metadata or metadata["type"].startswith("pulumi:"):
        return
    name = metadata["urn"].rpartition("::")[2]
    operation = metadata["op"]
    if operation != "refresh":
        run.operations.setdefault(name, set()).add(operation)
    run.paths.setdefault(name, set()).update(metadata.get("detailedDiff") or {})


def descendants(pid: int) -> dict[int, str]:
    """Command lines of all processes below `pid`, by process id."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    below = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in below} - below
        if not more:
            break
        below |= more
    return {child: _command_line(child) for child in below - {pid}}


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
