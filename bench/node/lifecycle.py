"""`up`, `status`, `logs` and `down` of one node."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from bench import progress
from bench.errors import BenchError
from bench.lock import exclusive
from bench.node import addons, cgroups, control_plane, health, kubeconfig, namespaces, network, process, worker
from bench.node.pki import Pki, super_admin
from bench.node.process import Process
from bench.paths import STATE_ROOT, Instance

PROCESSES = ("etcd", "containerd", "registry", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")

ETCD_SECONDS = 30.0
API_SECONDS = 90.0
COMPONENT_SECONDS = 60.0


def up(instance: Instance) -> None:
    """Start what does not run as it should, and return once the node can take work; where all is well, do nothing."""
    with _owned(instance):
        pki = _prepare(instance)
        _start_control_plane(instance, pki)
        kubectl = addons.Kubectl(instance)
        _bind_admins(instance, pki, kubectl)
        _start_workers(instance, pki)
        with progress.step("waiting    DNS, metrics and storage"):
            addons.apply(instance, pki, kubectl)
            addons.wait(instance, kubectl)
    progress.line("ready      node", f"KUBECONFIG={instance.kubeconfig}")


def down(instance: Instance) -> None:
    """End the node and remove all it left on this machine, its data included. What is shared in the cache stays."""
    with _owned(instance):
        with progress.step("stopping   node"):
            cgroups.kill(instance)
            network.remove(instance)
            namespaces.remove(instance)
            cgroups.remove(instance)
        with progress.step("removing   data"):
            _remove_state(instance)


def status(instance: Instance) -> int:
    """Print processes, node and add-ons; 0 only where all is well."""
    rows, well = [], True
    for name in PROCESSES:
        record = process.read_record(Process(name, ()).record(instance))
        running = record is not None and record.is_running()
        well = well and running
        if record is not None and running:
            since = datetime.now() - timedelta(seconds=record.seconds_up())
            rows.append((name, "running", str(record.pid), f"since {since:%Y-%m-%d %H:%M:%S}"))
        else:
            rows.append((name, "stopped", "-", f"see: python -m bench logs {name}" if record else "never started"))
    for title, why in _conditions(instance).items():
        well = well and not why
        rows.append((title, "not ready" if why else "ready", "-", why))
    for row in rows:
        print("{:<26}{:<11}{:<9}{}".format(*row).rstrip())
    return 0 if well else 1


def logs(instance: Instance, name: str) -> None:
    """Print the whole log of one of the node's processes."""
    path = process.log_path(instance, name)
    if name not in PROCESSES or not path.exists():
        raise BenchError(f"no log of {name!r} on node {instance.name}; choose one of: {', '.join(PROCESSES)}")
    with path.open("rb") as log:
        shutil.copyfileobj(log, sys.stdout.buffer)


@contextmanager
def _owned(instance: Instance) -> Iterator[None]:
    """Be the only one at work on the node, as root, and explain a full disk."""
    if os.geteuid() != 0:
        raise BenchError("a node needs root for its namespaces; run the same command with sudo")
    try:
        with exclusive(STATE_ROOT / f"{instance.name}.lock", f"node {instance.name}"):
            yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BenchError(f"no space left for {instance.state}; free some, then run the same command again") from error


def _prepare(instance: Instance) -> Pki:
    pki = Pki(instance)
    with progress.step("preparing  certificates, namespaces and network"):
        instance.state.mkdir(parents=True, exist_ok=True)
        instance.state.chmod(0o700)
        pki.ensure()
        kubeconfig.write(instance, pki, "admin", instance.kubeconfig)
        cgroups.create(instance)
        if not namespaces.exist(instance):
            # Whatever still runs is in namespaces that nobody can enter any more.
            cgroups.kill(instance)
            namespaces.create(instance)
        network.create(instance)
    return pki


def _start_control_plane(instance: Instance, pki: Pki) -> None:
    etcd, apiserver = control_plane.etcd(instance, pki), control_plane.apiserver(instance, pki)
    for each in (etcd, worker.containerd(instance), worker.image_registry(instance)):
        process.ensure(each, instance)
    with progress.step("starting   etcd"):
        process.wait_until(etcd, instance, lambda: process.listens(etcd.record(instance), control_plane.ETCD_PORT), ETCD_SECONDS)
    with progress.step("starting   API server"):
        process.ensure(apiserver, instance)
        process.wait_until(apiserver, instance, lambda: health.api_is_ready(instance, pki), API_SECONDS)


def _bind_admins(instance: Instance, pki: Pki, kubectl: addons.Kubectl) -> None:
    """Give the admin's group its role, with an identity that exists only for this."""
    try:
        kubectl("auth", "can-i", "*", "*", "--all-namespaces")
    except BenchError:
        identity = super_admin()
        path = pki.folder / "super-admin.kubeconfig"
        try:
            pki.issue(identity)
            kubeconfig.write(instance, pki, identity.name, path)
            addons.Kubectl(instance, path).apply(addons.manifest("rbac", instance, pki))
        finally:
            pki.remove(identity.name)
            path.unlink(missing_ok=True)


def _start_workers(instance: Instance, pki: Pki) -> None:
    address = instance.node_ip
    probed = [
        (control_plane.controller_manager(instance, pki), f"https://{address}:{control_plane.CONTROLLER_MANAGER_PORT}/healthz"),
        (control_plane.scheduler(instance, pki), f"https://{address}:{control_plane.SCHEDULER_PORT}/healthz"),
        (worker.kubelet(instance, pki), f"http://{address}:{worker.KUBELET_HEALTH_PORT}/healthz"),
        (worker.kube_proxy(instance, pki), f"http://{address}:{worker.PROXY_HEALTH_PORT}/healthz"),
    ]
    with progress.step("starting   controllers, kubelet and proxy"):
        for each, _ in probed:
            process.ensure(each, instance)
        for each, url in probed:
            process.wait_until(each, instance, partial(health.answers, url, pki), COMPONENT_SECONDS)


def _conditions(instance: Instance) -> dict[str, str]:
    try:
        return addons.conditions(instance, addons.Kubectl(instance))
    except BenchError as error:
        return {"API": str(error).splitlines()[-1]}


def _remove_state(instance: Instance) -> None:
    if held := namespaces.mounted_below(instance.state):
        raise BenchError(f"{', '.join(held)} is still mounted; unmount it, then run the same command again")
    if instance.state.exists():
        shutil.rmtree(instance.state)
