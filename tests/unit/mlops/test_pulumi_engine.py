"""The Automation API against a `pulumi` that keeps what it was called with: what is asked of it, and what is made of its failures."""

from __future__ import annotations

import json
import os
import time
import traceback
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import DriverError
from scripts.mlops.delivery import pulumi_engine
from scripts.mlops.delivery.ports import UpFailedError
from scripts.mlops.delivery.pulumi_engine import Deployment, PulumiEngine

FAKE = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/called"
case " $* " in
*" version "*) echo v3.170.0;;
*" stack select "*) [ ! -e "$here/no-stack" ] || { echo "error: no stack named 'local' found" >&2; exit 255; };;
*" stack output "*) echo '{}';;
*" history "*) cat "$here/history";;
*" up "* | *" preview "*)
    while [ "$1" != --event-log ]; do shift; done
    cat "$here/events" > "$2"
    if [ -e "$here/locked" ]; then rm "$here/locked"; echo "error: the stack is currently locked by 1 lock(s)" >&2; exit 255; fi
    echo "this is progress"
    [ ! -e "$here/failing" ] || { echo "error: update failed" >&2; exit 255; };;
esac
"""


UPDATE = {"kind": "update", "startTime": "2026-11-21T16:00:00.000Z", "message": "", "environment": {}, "config": {}, "result": "succeeded"}
SUMMARY = {"maybeCorrupt": False, "durationSeconds": 1, "resourceChanges": {}, "PolicyPacks": {}}
ERROR = {"message": "<{%reset%}>the candidate does not answer<{%reset%}>\n", "color": "raw", "severity": "error"}


class Fake:
    def __init__(self, folder: Path, **more: Any) -> None:  # noqa: ANN401
        self.folder, self.refreshed, self.mended = folder, 0, 0
        program = folder / "pulumi"
        program.write_text(FAKE)
        program.chmod(0o755)
        self.has("history", json.dumps([UPDATE]))
        self.events({"summaryEvent": SUMMARY})
        environment = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
        self.log = folder / "rollout.log"
        self.deployment = Deployment("local", folder, environment, self._refresh, self._mend, lambda sections: sections, self._copy, **more)

    def _refresh(self) -> None:
        self.refreshed += 1

    def _mend(self) -> None:
        self.mended += 1

    def _copy(self, text: str, folder: Path) -> Path:
        (folder / "copy.yaml").write_text(text)
        return folder / "copy.yaml"

    def has(self, name: str, content: str = "") -> None:
        (self.folder / name).write_text(content)

    def events(self, *events: dict[str, Any]) -> None:
        """The engine's events of an update; the last one ends it."""
        lines = [json.dumps({"sequence": 1, "timestamp": 1, **event}) for event in (*events, {"cancelEvent": {}})]
        self.has("events", "\n".join(lines) + "\n")

    def engine(self) -> PulumiEngine:
        return PulumiEngine(self.deployment, self.log)

    def call(self, command: str) -> str:
        (found,) = [line for line in (self.folder / "called").read_text().splitlines() if f" {command} " in f" {line} "]
        return found


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setattr(pulumi_engine, "BETWEEN_TRIES_SECONDS", 0.01)


def test_an_update_reads_the_copy_of_the_stack_file_and_keeps_its_progress(tmp_path: Path) -> None:
    fake = Fake(tmp_path, config_file=tmp_path / "Pulumi.local.yaml", policy_packs=("/policies",))
    fake.engine().up()
    assert f"--config-file {tmp_path}/Pulumi.local.yaml" in fake.call("up")
    assert "--policy-pack /policies" in fake.call("up")
    assert "--target" not in fake.call("up")
    assert "this is progress" in fake.log.read_text()
    assert (fake.refreshed, fake.mended) == (1, 1)


def test_a_hurried_update_is_of_one_resource_and_waits_for_no_policy(tmp_path: Path) -> None:
    fake = Fake(tmp_path, policy_packs=("/policies",))
    fake.engine().up(only="**InferenceService::mnist-classifier")
    assert "--target **InferenceService::mnist-classifier" in fake.call("up")
    assert "--policy-pack" not in fake.call("up")


def test_a_failed_update_says_the_first_error_of_a_resource(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.has("failing")
    fake.events({"diagnosticEvent": ERROR})
    with pytest.raises(UpFailedError, match=r"^the candidate does not answer$"):
        fake.engine().up()


def test_of_several_errors_the_pod_s_own_words_are_said(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.has("failing")
    errors = [
        "the Job failed: 3 errors occurred:",
        "the Job has failed",
        "[Pod default/smoke-1]: containers with unready status: [program]",
        "[Pod default/smoke-1] ended: no model\nin mnist/absent.pt",
        "it failed",
    ]
    job = "\n\t* ".join(errors)
    fake.events({"diagnosticEvent": {**ERROR, "message": job}})
    with pytest.raises(UpFailedError, match=r"^\[Pod default/smoke-1\] ended: no model in mnist/absent\.pt$"):
        fake.engine().up()


def test_a_traceback_of_the_program_is_cut_down_to_the_exception(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.has("failing")
    inner = ValueError("the file is\nempty")
    outer = RuntimeError("the cluster does not answer:\nconnection refused")
    outer.__cause__ = inner
    try:
        raise outer
    except RuntimeError:
        message = f"<{{%reset%}}>Program failed with an unhandled exception:\n{traceback.format_exc()}<{{%reset%}}>"
    fake.events({"diagnosticEvent": {**ERROR, "message": message}})
    with pytest.raises(UpFailedError, match=r"^RuntimeError: the cluster does not answer: connection refused$"):
        fake.engine().up()


def test_a_failed_update_without_events_says_its_last_error(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.has("failing")
    with pytest.raises(UpFailedError, match="error: update failed"):
        fake.engine().up()


def test_an_update_of_somebody_else_is_waited_for(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.has("locked")
    fake.engine().up()
    assert (fake.refreshed, fake.mended) == (2, 2), "what a killed run left is mended before each try"


def test_a_hurried_one_is_mended_only_where_it_is_held_up(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.engine().up(only="**InferenceService::mnist-classifier")
    assert fake.mended == 0
    fake.has("locked")
    fake.engine().up(only="**InferenceService::mnist-classifier")
    assert fake.mended == 1


def test_an_update_tells_when_the_cluster_had_been_told(tmp_path: Path) -> None:
    """Not when the engine had written everything down: users have what they have before that."""
    fake = Fake(tmp_path)
    resource = {
        "op": "update",
        "urn": "urn:pulumi:local::inference-platform::InferenceService::mnist-classifier",
        "type": "x",
        "provider": "",
    }
    fake.events({"resOutputsEvent": {"metadata": resource}}, {"summaryEvent": SUMMARY})
    began = time.monotonic()
    moment = fake.engine().up()
    assert began < moment < time.monotonic()


def test_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_engine, "PATIENCE_SECONDS", -1)
    fake = Fake(tmp_path)
    fake.has("locked")
    with pytest.raises(UpFailedError, match="locked"):
        fake.engine().up()


def test_a_stack_that_is_not_there_is_said(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    fake.has("no-stack")
    with pytest.raises(DriverError, match="no stack local to roll out in"):
        fake.engine()


def test_a_preview_is_of_the_text_that_it_is_given(tmp_path: Path) -> None:
    fake = Fake(tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert "this is progress" in fake.engine().preview("config: {}", scratch)
    assert f"--config-file {scratch}/copy.yaml" in fake.call("preview")
    assert (scratch / "copy.yaml").read_text() == "config: {}"
