"""The load as a person runs it: exit codes, table, JSON, PNG, thresholds apart from the scale-up, Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from scripts.mlops import load_test
from scripts.mlops.load import command
from scripts.mlops.load.measurement import RequestFailed
from scripts.mlops.load.options import Service
from scripts.mlops.load.plan import Plan
from scripts.mlops.load.session import posting
from scripts.mlops.load.thresholds import Thresholds
from tests.unit.mlops.fake_kubectl import Kubectl, pod
from tests.unit.mlops.stub_server import Received, Reply, one_hot, serving

SCRIPT = Path(load_test.__file__)


def right(content: bytes) -> None:
    if content != b'"right"':
        raise RequestFailed("answer is wrong")


SERVICE = Service(
    description="Load a stub.",
    connect=lambda endpoint, timeout: posting(endpoint.url, endpoint.host, [b"{}"], right, timeout),
    plan=Plan(requests=40, clients=2),
    thresholds=Thresholds(p95_ms=1000, rate=1, success_rate=1),
)


def good(_received: Received) -> Reply:
    return Reply("right", served_by="mnist-00001/pod")


def test_a_load_that_keeps_its_thresholds_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(good) as url:
        assert command.main(SERVICE, ["--url", url]) == 0
    shown = capsys.readouterr().out
    assert "2 clients, each after its answer" in shown
    assert "mnist-00001, 100.0%" in shown
    assert shown.endswith("all thresholds held\n")


@pytest.mark.parametrize(
    ("option", "line"),
    [("--max-p95-ms=0.001", "is not below 0.001 ms"), ("--min-rate=1000000", "right answers per second are below 1e+06")],
)
def test_a_broken_threshold_is_said_and_is_the_exit_code(option: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(good) as url:
        assert command.main(SERVICE, ["--url", url, option]) == 1
    shown = capsys.readouterr().out
    assert line in shown
    assert "all thresholds held" not in shown


def test_what_is_answered_wrongly_is_counted_by_reason_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    count = iter(range(1000))
    replies = {5: Reply("wrong", served_by="mnist-00002/pod"), 7: Reply(status=503), 9: Reply(reset=True)}

    with serving(lambda received: replies.get(next(count) % 10, good(received))) as url:
        assert command.main(SERVICE, ["--url", url, "--requests=100", "--json=-"]) == 1
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert sum(report["whole"]["failures"].values()) == 30
    assert report["whole"]["failures"]["answer is wrong"] == 10
    assert report["whole"]["failures"]["status 503: {}"] == 10
    assert report["whole"]["versions"]["mnist-00002"]["failures"] == {"answer is wrong": 10}
    assert report["whole"]["versions"]["unknown"]["requests"] == 20
    assert report["broken_thresholds"] == ["success rate 70.0000% is below 100.0000%"]
    assert "BROKEN    success rate 70.0000%" in shown.err


def test_nobody_there_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(SERVICE, ["--url", "http://127.0.0.1:9/"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: http://127.0.0.1:9/: no answer: ")
    assert len(shown.err.splitlines()) == 1


def test_a_service_that_only_fails_is_measured() -> None:
    with serving(lambda _received: Reply(status=500)) as url:
        assert command.main(SERVICE, ["--url", url]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["--clients=0"],
        ["--rate=0"],
        ["--rate=nan"],
        ["--rate=5", "--clients=5"],
        ["--seconds=5", "--requests=5"],
        ["--settle=5"],
        ["--seconds=5", "--steady-from=5"],
        ["--min-success-rate=1.1"],
        ["--replicas-of=mnist"],
    ],
)
def test_a_wrong_option_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(SERVICE, ["--url", "http://127.0.0.1:9/", *wrong])
    assert ended.value.code == 2
    assert wrong[-1].partition("=")[0] in capsys.readouterr().err


@pytest.mark.slow
def test_speed_is_judged_when_steady_and_lost_requests_always() -> None:
    times: list[float] = []

    def starting(received: Received) -> Reply:
        times.append(time.monotonic())
        if len(times) > 1:  # the first only asks whether somebody is there
            time.sleep(max(0.0, times[1] + 1 - time.monotonic()))
        return good(received)

    options = ["--rate=40", "--max-p95-ms=700"]  # wide: other tests run beside this one
    with serving(starting) as url:
        assert command.main(SERVICE, ["--url", url, *options, "--seconds=1.6", "--steady-from=1.1"]) == 0
        times.clear()
        assert command.main(SERVICE, ["--url", url, *options, "--seconds=0.2"]) == 1
    count = iter(range(1000))
    with serving(lambda received: Reply(status=503) if next(count) < 5 else good(received)) as url:
        assert command.main(SERVICE, ["--url", url, *options, "--seconds=0.8", "--steady-from=0.4"]) == 1


@pytest.mark.slow
def test_a_report_has_every_second_version_and_replica(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kubectl = Kubectl(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(kubectl.folder))
    monkeypatch.setattr(command, "PROGRESS_SECONDS", 0.1)
    kubectl.pods([pod("a", "mnist-00001", ready=True)])
    more = [{"type": "ADDED", "object": pod(name, "mnist-00002", ready=True)} for name in "bc"]
    threading.Timer(0.5, lambda: kubectl.events(more)).start()
    options = ["--rate=50", "--seconds=0.7", "--warm-up=0.1", "--steady-from=0.3", "--replicas-of=default/mnist", "--settle=0.2"]
    files = [f"--json={tmp_path}/report.json", f"--png={tmp_path}/report.png"]
    with serving(good) as url:
        assert command.main(SERVICE, ["--url", url, *options, *files]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert_is_whole(report)
    assert report["steady"]["from_second"] == 0.3
    assert 0 < report["steady"]["requests"] < report["whole"]["requests"]
    assert (report["replicas"]["first"], report["replicas"]["max"], report["replicas"]["last"]) == (1, 3, 3)
    assert report["replicas"]["changes"][-1]["versions"] == {
        "mnist-00001": {"ready": 1, "total": 1},
        "mnist-00002": {"ready": 2, "total": 2},
    }
    assert 0.8 < report["replicas"]["watched_until"] < 10
    picture = (tmp_path / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 10_000
    shown = capsys.readouterr()
    assert "answers/s  0 failed" in shown.err
    assert "3 of 3 replicas ready" in shown.err
    assert "replicas  1, 2 at 0 s, 3 at 0 s; at most 3" in shown.out


def assert_is_whole(report: dict[str, Any]) -> None:
    assert set(report) == {
        *("url", "loop", "clients", "rate", "seed", "warm_up_seconds", "started", "interrupted", "whole", "steady"),
        *("replicas", "gauges", "per_second", "thresholds", "conditions", "broken_thresholds"),
    }
    whole = report["whole"]
    assert set(whole) == {"requests", "seconds", "answers_per_second", "success_rate", "failures", "latency_ms", "extra", "versions"}
    assert list(whole["latency_ms"]) == ["avg", "p50", "p95", "p99", "max"]
    assert 0 < whole["latency_ms"]["p50"] <= whole["latency_ms"]["p95"] <= whole["latency_ms"]["max"]
    assert sum(second["due"] for second in report["per_second"]) == whole["requests"]
    assert sum(count for second in report["per_second"] for count in second["answered"].values()) == whole["requests"]
    assert sum(version["requests"] for version in whole["versions"].values()) == whole["requests"]


def test_after_ctrl_c_what_was_measured_is_reported() -> None:
    count, asked = iter(range(10**9)), threading.Event()

    def answer(_received: Received) -> Reply:
        time.sleep(0.001)
        if next(count) == 30:
            asked.set()
        return Reply(one_hot(3), served_by="mnist-00001/pod")

    with serving(answer) as url:
        load = [sys.executable, str(SCRIPT), "--model", "mnist-classifier", "--url", url, "--json", "-"]
        process = subprocess.Popen(load, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    report = json.loads(output)
    assert process.returncode == 130
    assert report["interrupted"]
    assert report["loop"] == "closed"
    assert report["clients"] == 10
    assert report["whole"]["requests"] > 20
    assert report["whole"]["success_rate"] == 1
    assert 0 < report["whole"]["seconds"] < 30
    assert report["whole"]["answers_per_second"] > 0
    assert "Traceback" not in errors
