"""Parts of a cluster beside Kubernetes itself, from `bench/addons`: DNS, metrics, storage and optional parts."""

from __future__ import annotations

import base64
import json
import socket
import time
from pathlib import Path
from string import Template
from typing import Any

from bench import extras, manifests, tools
from bench.errors import BenchError
from bench.image_table import BUSYBOX
from bench.node import gpus, shell
from bench.node.pki import CLUSTER, Pki, node_name
from bench.paths import Instance

FOLDER = Path(__file__).parent.parent / "addons"
MANIFESTS = ("rbac", "coredns", "metrics-server", "local-path")

READY_TIMEOUT = 180.0
ANSWER_SECONDS = 5
POLL_SECONDS = 1.0
DNS_PORT = 53
KINDS = "nodes,deployments,statefulsets,apiservices"
GPUS = "GPUs"


class Kubectl:
    """`kubectl` with one identity. Its discovery cache lies in the node's folder, not in the user's home."""

    def __init__(self, instance: Instance, kubeconfig: Path | None = None) -> None:
        self._argv = [str(tools.binary("kubectl")), f"--kubeconfig={kubeconfig or instance.kubeconfig}"]
        self._argv.append(f"--cache-dir={instance.state / 'kubectl-cache'}")

    def __call__(self, *words: str, stdin: str | None = None) -> str:
        return shell.run([*self._argv, *words], stdin=stdin)

    def apply(self, manifest: str) -> None:
        self("apply", "--server-side", "--force-conflicts", "--field-manager=bench", "-f", "-", stdin=manifest)


def manifest(name: str, instance: Instance, pki: Pki) -> str:
    """One of `MANIFESTS` with the instance's addresses and certificates filled in."""
    return Template((FOLDER / f"{name}.yaml").read_text()).substitute(
        dns_ip=instance.dns_ip,
        ca_bundle=_data(pki.cert(CLUSTER)),
        metrics_certificate=_data(pki.cert("metrics-server")),
        metrics_key=_data(pki.key("metrics-server")),
        volumes=instance.state / "volumes",
        helper_image=BUSYBOX,
        node_ip=instance.node_ip,
        monitor_labels=json.dumps(extras.MONITOR_LABELS),
        gpu_labels=",".join(gpus.LABELS),
    )


def apply(instance: Instance, pki: Pki, kubectl: Kubectl) -> None:
    (instance.state / "volumes").mkdir(exist_ok=True)
    kubectl.apply("---\n".join(manifest(name, instance, pki) for name in MANIFESTS))
    if extras.MONITORING in extras.read(instance).parts:
        kubectl.apply(manifests.PROMETHEUS_CRDS.path.read_text())
        kubectl("wait", "--for=condition=Established", f"--timeout={READY_TIMEOUT:.0f}s", "crd", "--all")
        kubectl.apply(manifest(extras.MONITORING, instance, pki))


def conditions(instance: Instance, kubectl: Kubectl) -> dict[str, str]:
    """Conditions that `up` awaits and `status` shows: name → reason why it does not hold, empty if it holds."""
    try:
        answer = kubectl("get", KINDS, "--all-namespaces", "-o", "json", f"--request-timeout={ANSWER_SECONDS}s")
    except BenchError as error:
        return {"API": str(error).splitlines()[-1]}
    found = json.loads(answer)["items"]
    objects = {(item["kind"], item["metadata"]["name"]): item for item in found}
    lacks = {title: _lack(objects.get((kind, name)), condition) for title, (kind, name, condition) in _wanted(instance).items()}
    if node := objects.get(("Node", node_name(instance))):
        count = extras.read(instance).gpus
        if count or gpus.offered(node):
            lacks[GPUS] = gpus.lack(node, count)
    # After a restart of the machine, the objects still describe the time before it; a DNS answer is current.
    lacks["cluster DNS"] = "" if _accepts(instance.dns_ip, DNS_PORT) else f"no answer from {instance.dns_ip}"
    return lacks


def wait(instance: Instance, kubectl: Kubectl) -> None:
    """Wait until every condition holds. After `READY_TIMEOUT` seconds, raise BenchError with the reasons and the pods."""
    deadline = time.monotonic() + READY_TIMEOUT
    while lacking := {title: why for title, why in conditions(instance, kubectl).items() if why}:
        if time.monotonic() > deadline:
            reasons = "; ".join(f"{title}: {why}" for title, why in lacking.items())
            raise BenchError(f"not ready after {READY_TIMEOUT:.0f} s: {reasons}; see: kubectl get pods,events --all-namespaces")
        if lacking.get(GPUS):
            gpus.advertise(node_name(instance), extras.read(instance).gpus, kubectl)
        time.sleep(POLL_SECONDS)


def _wanted(instance: Instance) -> dict[str, tuple[str, str, str]]:
    """Title → kind, name and condition of each required object."""
    wanted = {
        f"node {node_name(instance)}": ("Node", node_name(instance), "Ready"),
        "coredns": ("Deployment", "coredns", "Available"),
        "metrics-server": ("Deployment", "metrics-server", "Available"),
        "metrics API": ("APIService", "v1beta1.metrics.k8s.io", "Available"),
        "local-path-provisioner": ("Deployment", "local-path-provisioner", "Available"),
    }
    if extras.MONITORING in extras.read(instance).parts:
        wanted["prometheus-operator"] = ("Deployment", "prometheus-operator", "Available")
        wanted["kube-state-metrics"] = ("Deployment", "kube-state-metrics", "Available")
        wanted["prometheus"] = ("StatefulSet", "prometheus-bench", "Ready")
    return wanted


def _lack(item: dict[str, Any] | None, wanted: str) -> str:
    if item is None:
        return "missing"
    status = item.get("status", {})
    if item["kind"] == "StatefulSet":
        return "" if status.get("readyReplicas", 0) == item["spec"]["replicas"] else "not ready yet"
    if item["kind"] == "Deployment" and not _is_rolled_out(item, status):
        return "its newest version is not running yet"
    for condition in status.get("conditions", []):
        if condition["type"] == wanted:
            return "" if condition["status"] == "True" else condition.get("message") or f"not {wanted}"
    return f"not {wanted} yet"


def _is_rolled_out(item: dict[str, Any], status: dict[str, Any]) -> bool:
    """True if no pod of an older version is left; `Available` alone also counts older pods."""
    seen = status.get("observedGeneration", 0) >= item["metadata"]["generation"]
    return bool(seen and status.get("updatedReplicas", 0) == status.get("replicas", 0) == item["spec"]["replicas"])


def _accepts(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=POLL_SECONDS).close()
    except OSError:
        return False
    return True


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
