"""`up`, `status`, `logs` and `down` of one node."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from bench import extras, progress
from bench.errors import BenchError
from bench.extras import Wanted
from bench.lock import exclusive
from bench.node import addons, cgroups, namespaces, network, process, stages
from bench.paths import STATE_ROOT, Instance

PROCESSES = ("etcd", "containerd", "registry", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")

NEARLY_FULL = 100 * 1024**2
"""Bytes. With less free space, a failure is blamed on the disk: etcd alone needs 64 MiB to start."""


def up(instance: Instance, wanted: Wanted) -> None:
    """Start or restart what does not run as configured, and return once the node can run pods; do nothing if all is well."""
    with _owned(instance):
        pki = stages.prepare(instance)
        extras.write(instance, wanted)
        stages.start_foundations(instance, pki)
        stages.start_api(instance, pki)
        kubectl = addons.Kubectl(instance)
        stages.bind_admins(instance, pki, kubectl)
        stages.start_components(instance, pki)
        stages.install_addons(instance, pki, kubectl)
        stages.start_fake_nodes(instance, pki, kubectl)
    progress.line("ready      node", f"KUBECONFIG={instance.kubeconfig}")


def down(instance: Instance) -> None:
    """Stop the node and remove everything it left on this machine, including its data. The shared cache stays."""
    with _owned(instance):
        with progress.step("stopping   node"):
            cgroups.kill(instance)
            network.remove(instance)
            namespaces.remove(instance)
            cgroups.remove(instance)
        with progress.step("removing   data"):
            _remove_state(instance)


def status(instance: Instance) -> int:
    """Print processes, node and add-ons; return 0 only if all are well."""
    _require_root()
    rows = [(name, *_process_state(instance, name)) for name in _processes(instance)]
    rows += [(title, "not ready" if why else "ready", why) for title, why in _conditions(instance).items()]
    for row in rows:
        print("{:<26}{:<11}{}".format(*row).rstrip())
    return 0 if all(state in ("running", "ready") for _, state, _ in rows) else 1


def logs(instance: Instance, name: str) -> None:
    """Print the whole log of one of the node's processes."""
    _require_root()
    path = process.log_path(instance, name)
    if name not in _processes(instance) or not path.exists():
        raise BenchError(f"node {instance.name} has no log of {name!r}; choose one of: {', '.join(_processes(instance))}")
    with path.open("rb") as log:
        shutil.copyfileobj(log, sys.stdout.buffer)


def _processes(instance: Instance) -> list[str]:
    return [*PROCESSES, *extras.read(instance).processes]


@contextmanager
def _owned(instance: Instance) -> Iterator[None]:
    """Require root, hold the node's lock, and explain a full disk."""
    _require_root()
    full = f"no space left for {instance.state}; free some space, then run the same command again"
    try:
        with exclusive(STATE_ROOT / f"{instance.name}.lock", f"node {instance.name}"):
            yield
    except BenchError as error:
        if shutil.disk_usage(STATE_ROOT).free < NEARLY_FULL:
            raise BenchError(full) from error
        raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BenchError(full) from error


def _require_root() -> None:
    if os.geteuid() != 0:
        raise BenchError("a node needs root, because only root may make namespaces; run the same command with sudo")


def _process_state(instance: Instance, name: str) -> tuple[str, str]:
    record = process.read_record(process.record_path(instance, name))
    if record is None:
        return "stopped", "never started"
    if not record.is_running():
        return "stopped", f"see: python -m bench logs {name} --instance {instance.name}"
    since = datetime.now() - timedelta(seconds=record.seconds_up())
    return "running", f"pid {record.pid} since {since:%Y-%m-%d %H:%M:%S}"


def _conditions(instance: Instance) -> dict[str, str]:
    for name in ("etcd", "kube-apiserver"):
        if _process_state(instance, name)[0] != "running":
            return {"API": f"{name} does not run"}  # a request would wait for a timeout
    return addons.conditions(instance, addons.Kubectl(instance))


def _remove_state(instance: Instance) -> None:
    if held := namespaces.mounted_below(instance.state):
        raise BenchError(f"{', '.join(held)} is still mounted; unmount it, then run the same command again")
    if instance.state.exists():
        shutil.rmtree(instance.state)
