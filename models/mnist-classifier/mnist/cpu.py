"""Counts the CPUs that this container may use."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def limit(cgroup: Path = CGROUP) -> int:
    """Whole CPUs, at least 1: CPU_LIMIT (the downward API's limits.cpu) if set, else the cgroup's quota, else the process's CPUs."""
    if text := os.environ.get("CPU_LIMIT"):
        return _from_environment(text)
    available = len(os.sched_getaffinity(0))
    quota = _quota_v2(cgroup / "cpu.max") or _quota_v1(cgroup / "cpu")
    return available if quota is None else max(1, min(available, math.ceil(quota)))


def _from_environment(text: str) -> int:
    try:
        return max(1, math.ceil(float(text)))
    except (ValueError, OverflowError):
        raise SystemExit(f"error: CPU_LIMIT must be a number of CPUs such as 2, got {text!r}") from None


def _quota_v2(file: Path) -> float | None:
    try:
        quota, period = file.read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)


def _quota_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return None if quota <= 0 else quota / period
