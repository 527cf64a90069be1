"""The findings of doctor for a machine's facts: each defect is named once, with a remedy, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.doctor import GIB, Finding, judge, table, wanted_packages
from bench.go_program import VERSION
from bench.paths import Instance
from bench.probe import CAPABILITIES, TRIALS, Facts

HEALTHY = Facts(
    root=True,
    capabilities=frozenset(CAPABILITIES),
    trials=dict.fromkeys(TRIALS, ""),
    controllers=frozenset({"cpu", "cpuset", "memory", "pids", "io"}),
    disk_free=50 * GIB,
    memory=16 * GIB,
    packages=frozenset(wanted_packages()),
    go="go version go1.26.8 linux/amd64",
    architecture="x86_64",
    python=(3, 11),
    built=False,
    overlaps=[],
)


def missing(facts: Facts) -> list[Finding]:
    return [finding for finding in judge(facts, Instance("test")) if finding.missing]


def test_a_healthy_machine_lacks_nothing() -> None:
    assert missing(HEALTHY) == []


@pytest.mark.parametrize(
    ("change", "check", "state", "remedy"),
    [
        ({"capabilities": frozenset({"CAP_NET_ADMIN"})}, "capabilities", "no CAP_SYS_ADMIN", "privileged"),
        ({"trials": {"veth": "Operation not permitted"}}, "veth", "Operation not permitted", "privileged"),
        ({"trials": {"overlayfs": "wrong fs type"}}, "overlayfs", "wrong fs type", "BENCH_STATE="),
        ({"controllers": frozenset({"cpu", "memory"})}, "cgroups", "no cpuset, pids", "cgroup v2"),
        ({"disk_free": 29 * GIB}, "free disk", "29 GiB, 30 needed", "XDG_CACHE_HOME"),
        ({"disk_free": 4 * GIB, "built": True}, "free disk", "4 GiB, 5 needed", "XDG_CACHE_HOME"),
        ({"memory": 4 * GIB}, "memory", "4 GiB, 7 needed", "8 GB"),
        ({"packages": None}, "packages", "no dpkg", "Debian 12"),
        ({"architecture": "aarch64"}, "architecture", "aarch64", "x86_64"),
        ({"trials": {"br_netfilter": "exit code 1"}}, "br_netfilter", "exit code 1", "modprobe br_netfilter"),
        ({"python": (3, 9)}, "python", "3.9", "Python 3.11"),
        ({"overlaps": ["10.97.0.0/16 (over docker0)"]}, "addresses", "taken: 10.97.0.0/16 (over docker0)", "BENCH_ADDRESSES="),
    ],
)
def test_each_defect_is_named_once_with_its_remedy(change: dict[str, object], check: str, state: str, remedy: str) -> None:
    (finding,) = missing(replace(HEALTHY, **change))  # type: ignore[arg-type]
    assert (finding.check, finding.state) == (check, state)
    assert remedy in finding.remedy


@pytest.mark.parametrize("go", ["", "go version go1.19.8 linux/amd64", "go version go1.26.6 linux/amd64"])
def test_a_machine_without_a_new_go_lacks_nothing(go: str) -> None:
    (finding,) = [finding for finding in judge(replace(HEALTHY, go=go), Instance("test")) if finding.check == "go"]
    assert not finding.missing
    assert finding.state.endswith(f"the bench brings its own, {VERSION}")


def test_missing_packages_are_one_command() -> None:
    (finding,) = missing(replace(HEALTHY, packages=frozenset(wanted_packages()) - {"runc", "buildah"}))
    assert finding.remedy == "apt-get update && apt-get install -y --no-install-recommends runc buildah"


def test_without_iptables_the_package_is_named_and_not_the_kernel() -> None:
    packages = frozenset(wanted_packages()) - {"iptables"}
    (finding,) = missing(replace(HEALTHY, packages=packages, trials={"iptables": "sh: iptables: not found"}))
    assert finding.check == "packages"


def test_who_is_not_root_is_told_so_and_nothing_about_the_kernel() -> None:
    (finding,) = missing(replace(HEALTHY, root=False, capabilities=frozenset(), trials={}, controllers=frozenset()))
    assert finding.check == "root"


def test_a_built_cache_needs_little_room() -> None:
    assert missing(replace(HEALTHY, disk_free=6 * GIB, built=True)) == []


def test_the_table_is_aligned_and_names_the_remedy() -> None:
    lines = table([Finding("go", "not on PATH", "install it"), Finding("memory", "16 GiB")]).splitlines()
    assert lines == ["check   state        to fix it", "go      not on PATH  install it", "memory  16 GiB"]
