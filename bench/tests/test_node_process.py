"""Which process is which: a process id alone says nothing, since the kernel hands it out again."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench import paths
from bench.node import process
from bench.node.process import Process, Record

INSTANCE = paths.Instance("test")


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "STATE_ROOT", tmp_path)


def stat(proc: Path, name: str, state: str, ticks: int) -> None:
    """A process 7 as the kernel describes it (proc_pid_stat(5)): the start time is field 22."""
    fields = ["7", f"({name})", state, *["0"] * 18, str(ticks), "0"]
    (proc / "7").mkdir(exist_ok=True)
    (proc / "7/stat").write_text(" ".join(fields))


@pytest.mark.parametrize("name", ["etcd", "a b", "x) R 1 (y"])
def test_the_start_time_is_found_whatever_the_program_calls_itself(tmp_path: Path, name: str) -> None:
    stat(tmp_path, name, "S", 4242)
    assert process.start_ticks(7, tmp_path) == 4242


def test_a_zombie_and_a_missing_process_have_no_start_time(tmp_path: Path) -> None:
    stat(tmp_path, "etcd", "Z", 4242)
    assert process.start_ticks(7, tmp_path) is None
    assert process.start_ticks(8, tmp_path) is None


def this_process() -> Record:
    ticks = process.start_ticks(os.getpid())
    assert ticks is not None
    return Record(os.getpid(), ticks, process.boot_id(), "", ())


def test_a_record_holds_only_for_the_process_it_was_written_for() -> None:
    record = this_process()
    assert record.is_running()
    assert not replace(record, ticks=record.ticks + 1).is_running(), "a later process with the same id"
    assert not replace(record, boot="another").is_running(), "a process of the time before a restart"


def test_the_time_a_process_is_up_counts_from_its_start() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        ticks = process.start_ticks(child.pid)
        assert ticks is not None
        assert 0 <= Record(child.pid, ticks, process.boot_id(), "", ()).seconds_up() < 5
        child.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "ticks": 1, "boot": "", "fingerprint": "", "argv": null}'])
def test_a_damaged_record_is_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "etcd.json").write_text(text)
    assert process.read_record(tmp_path / "etcd.json") is None


def test_new_arguments_or_a_changed_file_make_a_running_process_outdated(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("old")
    wanted = Process("etcd", ("etcd", "--name=a"), (config,))
    record = replace(this_process(), fingerprint=wanted.fingerprint(), argv=wanted.argv)
    wanted.record(INSTANCE).parent.mkdir(parents=True)
    wanted.record(INSTANCE).write_text(json.dumps(asdict(record)))
    assert process.is_current(wanted, INSTANCE)
    assert not process.is_current(replace(wanted, argv=("etcd", "--name=b")), INSTANCE)
    config.write_text("new")
    assert not process.is_current(wanted, INSTANCE)


def test_an_error_ends_with_the_last_lines_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.write_text("".join(f"line {number}.\n" for number in range(100)))
    text = process.log_excerpt(log)
    assert str(log) in text
    assert text.endswith("line 99.")
    assert "line 50." not in text


def test_an_error_shows_why_a_program_panicked_rather_than_where(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.write_text("started\npanic: no space left on device\n" + "goroutine 1 [running]:\n" * 20)
    assert process.log_excerpt(log).endswith("panic: no space left on device")
    log.write_text(log.read_text() + "started again\n" * 60)
    assert process.log_excerpt(log).endswith("started again")
