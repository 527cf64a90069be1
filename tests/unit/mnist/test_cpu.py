"""CPUs from the environment, either cgroup version, or the process."""

import os
from pathlib import Path

import pytest

from mnist import cpu


@pytest.fixture(autouse=True)
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CPU_LIMIT", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))


@pytest.mark.parametrize(("text", "cpus"), [("2", 2), ("0.5", 1), ("1.5", 2)])
def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, cpus: int) -> None:
    monkeypatch.setenv("CPU_LIMIT", text)
    assert cpu.limit(tmp_path) == cpus


def test_a_wrong_environment_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPU_LIMIT", "two")
    with pytest.raises(SystemExit, match="CPU_LIMIT must be a number of CPUs such as 2, got 'two'"):
        cpu.limit()


@pytest.mark.parametrize(("quota", "cpus"), [("200000 100000", 2), ("50000 100000", 1), ("max 100000", 8), ("9900000 100000", 8)])
def test_cgroup_v2(tmp_path: Path, quota: str, cpus: int) -> None:
    (tmp_path / "cpu.max").write_text(quota + "\n")
    assert cpu.limit(tmp_path) == cpus


@pytest.mark.parametrize(("quota", "cpus"), [("150000", 2), ("-1", 8)])
def test_cgroup_v1(tmp_path: Path, quota: str, cpus: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota + "\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert cpu.limit(tmp_path) == cpus


def test_without_a_cgroup_the_process_decides(tmp_path: Path) -> None:
    assert cpu.limit(tmp_path) == 8
