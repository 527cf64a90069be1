"""The stages of `up`, in order. Each leaves running parts alone and returns when its part is ready."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench import extras, progress
from bench.errors import BenchError
from bench.node import addons, cgroups, control_plane, fake_nodes, health, kubeconfig, namespaces, network, process, worker
from bench.node.kubeconfig import api_url
from bench.node.pki import Pki, super_admin
from bench.node.process import Process
from bench.paths import Instance

READY_SECONDS = 90.0
"""Timeout in seconds per process; the API server is slowest with 3 s on an idle machine and ten times that on a busy one."""

Probed = tuple[Process, Callable[[], bool]]


def prepare(instance: Instance) -> Pki:
    """Certificates, kubeconfig, cgroups, namespaces and the link."""
    pki = Pki(instance)
    with progress.step("preparing  certificates, namespaces and network"):
        instance.state.mkdir(parents=True, exist_ok=True)
        instance.state.chmod(0o700)
        instance.addresses_file.write_text(str(instance.addresses))
        pki.ensure()
        kubeconfig.write(instance, pki, "admin", instance.kubeconfig)
        cgroups.create(instance)
        if not namespaces.exist(instance):
            # Processes that still run are in namespaces that no new process can enter.
            cgroups.kill(instance)
            namespaces.create(instance)
        network.create(instance)
    return pki


def start_foundations(instance: Instance, pki: Pki) -> None:
    etcd, containerd, registry = control_plane.etcd(instance, pki), worker.containerd(instance), worker.image_registry(instance)
    probed: list[Probed] = [
        (etcd, partial(health.listens, etcd, instance, control_plane.ETCD_PORT)),
        (containerd, partial(health.has_socket, containerd, instance, worker.SOCKET)),
        (registry, partial(health.listens, registry, instance, worker.REGISTRY_PORT)),
    ]
    _start("etcd, containerd and registry", instance, probed)


def start_api(instance: Instance, pki: Pki) -> None:
    _start("API server", instance, [(control_plane.apiserver(instance, pki), partial(health.answers, f"{api_url(instance)}/readyz", pki))])


def bind_admins(instance: Instance, pki: Pki, kubectl: addons.Kubectl) -> None:
    """Bind the admin's group to its role, with an identity that exists only for this."""
    try:
        kubectl("auth", "can-i", "*", "*", "--all-namespaces")
    except BenchError:
        identity = super_admin()
        path = pki.folder / f"{identity.name}.kubeconfig"
        try:
            pki.issue(identity)
            kubeconfig.write(instance, pki, identity.name, path)
            addons.Kubectl(instance, path).apply(addons.manifest("rbac", instance, pki))
        finally:
            pki.remove(identity.name)
            path.unlink(missing_ok=True)


def start_components(instance: Instance, pki: Pki) -> None:
    urls = [
        (control_plane.controller_manager(instance, pki), f"https://{instance.node_ip}:{control_plane.CONTROLLER_MANAGER_PORT}/healthz"),
        (control_plane.scheduler(instance, pki), f"https://{instance.node_ip}:{control_plane.SCHEDULER_PORT}/healthz"),
        (worker.kubelet(instance, pki), f"http://{instance.node_ip}:{worker.KUBELET_HEALTH_PORT}/healthz"),
        (worker.kube_proxy(instance, pki), f"http://{instance.node_ip}:{worker.PROXY_HEALTH_PORT}/healthz"),
    ]
    _start("controllers, kubelet and proxy", instance, [(each, partial(health.answers, url, pki)) for each, url in urls])


def install_addons(instance: Instance, pki: Pki, kubectl: addons.Kubectl) -> None:
    with progress.step("awaiting   node, DNS, metrics and storage"):
        addons.apply(instance, pki, kubectl)
        addons.wait(instance, kubectl)


def start_fake_nodes(instance: Instance, pki: Pki, kubectl: addons.Kubectl) -> None:
    """Karpenter and kwok, where the node has them; Karpenter looks for its CRDs only as it starts."""
    if extras.KARPENTER not in extras.read(instance).parts:
        return
    fake_nodes.define(kubectl)
    started = fake_nodes.processes(instance, pki)
    _start("kwok and Karpenter", instance, [(each, partial(health.answers, url, pki)) for each, url in started])


def _start(title: str, instance: Instance, probed: list[Probed]) -> None:
    """Start all processes, then wait for each; the title's verb says whether any had to be started."""
    running = all(process.is_current(each, instance) for each, _ in probed)
    with progress.step(f"{'running ' if running else 'starting'}   {title}"):
        for each, _ in probed:
            process.ensure(each, instance)
        for each, ready in probed:
            process.wait_until(each, instance, ready, READY_SECONDS)
