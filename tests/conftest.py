"""What all tests that need a node share: they are skipped where none can run, and Ctrl-C ends them in order."""

from __future__ import annotations

import functools
import gc
import signal
from collections.abc import Generator

import pytest

from bench.paths import Instance
from tests import nodes


def pytest_configure() -> None:
    """A shell starts background commands with Ctrl-C ignored, and what they start inherits it; here Ctrl-C is under test."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Hardly anything that a recorded stack is made of can be freed before its end: to look for it at every 700th object, as Python
    # does unasked, is a third of such a test's time.
    gc.set_threshold(100_000, 50, 50)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays to the end: it is never looked through for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything that needs a node is skipped, with doctor's reason, where it can't run, and nowhere else."""
    for item in items:
        instance = next((instance for marker, instance in nodes.OF_MARKER.items() if item.get_closest_marker(marker)), None)
        if instance and (reason := _what_is_missing(instance)):
            item.add_marker(pytest.mark.skip(reason=f"no node can run here: {reason}"))


@functools.cache
def _what_is_missing(instance: Instance) -> str:
    done = nodes.bench(instance, "doctor")
    return done.stdout if done.returncode else ""
