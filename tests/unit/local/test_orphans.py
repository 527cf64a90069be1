"""Programs that a killed run left running end with the next one; those of another checkout or of a live `pulumi` do not."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from scripts.local import orphans
from tests.waiting import wait_for


class Start(Protocol):
    def __call__(self, *command: str | Path, cwd: Path) -> subprocess.Popen[str]: ...


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a program that leads its own process group, as the engine does, and is gone after the test."""
    with ExitStack() as started:

        def run(*command: str | Path, cwd: Path) -> subprocess.Popen[str]:
            process = started.enter_context(subprocess.Popen(command, cwd=cwd, start_new_session=True, text=True, stdout=subprocess.PIPE))
            started.callback(process.kill)
            return process

        yield run


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    return Path(shutil.copy("/bin/sleep", tmp_path / "pulumi-resource-kubernetes"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def test_a_language_host_that_waits_for_ever_is_ended(start: Start, project: Path) -> None:
    host = start("sh", "-c", "sleep 60; true", "pulumi-language-python", f"-root={project}", cwd=project)
    orphans.end(project)
    assert host.wait(timeout=5) == -signal.SIGKILL


def test_a_plugin_is_ended_and_not_that_of_another_project(start: Start, project: Path, plugin: Path) -> None:
    ours, other = start(plugin, "60", cwd=project), start(plugin, "60", cwd=project.parent)
    orphans.end(project)
    assert ours.wait(timeout=5) == -signal.SIGKILL
    assert other.poll() is None


def test_a_plugin_of_a_pulumi_that_lives_goes_on(start: Start, project: Path, plugin: Path) -> None:
    pulumi = shutil.copy("/bin/dash", project.parent / "pulumi")
    live = start(pulumi, "-c", f"{plugin} 60 & echo $!; wait", cwd=project)
    assert live.stdout
    child = Path("/proc") / live.stdout.readline().strip()
    try:
        wait_for(lambda: plugin.name in (child / "cmdline").read_text(), 5, "the plugin runs")
        orphans.end(project)
        assert "Z" not in (child / "stat").read_text().rpartition(")")[2]
    finally:
        subprocess.run(["kill", child.name], check=True)
