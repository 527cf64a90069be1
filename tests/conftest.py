"""Shared by all tests that need a node: they are skipped where none can run, and Ctrl-C ends them in order."""

from __future__ import annotations

import functools
import gc
import signal
import subprocess
import sys
from collections.abc import Generator

import pytest

from bench.paths import Instance
from scripts import model_folders
from stacks.collector import collect_rarely
from tests import nodes

model_folders.add_to_path()


def pytest_configure() -> None:
    """A shell starts background commands with Ctrl-C ignored, and what they start inherits it; here Ctrl-C is under test."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    collect_rarely()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Imported and collected objects stay to the end: the garbage collector never looks through them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)  # after -m and -k have selected
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything that needs a node is skipped, with doctor's reason, where it can't run, and nowhere else.

    Where it can, all parts of a node are built before the first test: tests have short time limits, and the first build takes an hour.
    """
    is_needed = False
    for item in items:
        if item.get_closest_marker("engine") and nodes.own_cluster():
            continue
        instance = next((instance for marker, instance in nodes.OF_MARKER.items() if item.get_closest_marker(marker)), None)
        if instance and (reason := _what_is_missing(instance)):
            item.add_marker(pytest.mark.skip(reason=f"no node can run here: {reason}"))
        elif instance:
            is_needed = True
    if is_needed and not config.option.collectonly:
        _build(config)


def _build(config: pytest.Config) -> None:
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        status = subprocess.run([sys.executable, "-m", "bench", "build"], cwd=nodes.ROOT, check=False).returncode
    if status:
        pytest.exit("what a node is made of could not be built; the reason is above", status)


@functools.cache
def _what_is_missing(instance: Instance) -> str:
    done = nodes.bench(instance, "doctor")
    return done.stdout if done.returncode else ""
