"""The four processes of the control plane and their arguments.

Each listens on the loopback of the node's network namespace or on the node's address, never on the host.
"""

from __future__ import annotations

from pathlib import Path

from bench import tools
from bench.node import kubeconfig
from bench.node.pki import CLUSTER, ETCD, FRONT_PROXY, Pki
from bench.node.process import Process, flags, record_path
from bench.paths import Instance

ETCD_PORT, ETCD_PEER_PORT = 2379, 2380
CONTROLLER_MANAGER_PORT, SCHEDULER_PORT = 10257, 10259

ISSUER = "https://kubernetes.default.svc.cluster.local"


def etcd(instance: Instance, pki: Pki) -> Process:
    client, peer = f"https://127.0.0.1:{ETCD_PORT}", f"https://127.0.0.1:{ETCD_PEER_PORT}"
    identity = (pki.cert("etcd"), pki.key("etcd"), pki.cert(ETCD))
    options: dict[str, str | Path] = {
        "name": instance.cgroup,
        "data-dir": instance.state / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"{instance.cgroup}={peer}",
        "client-cert-auth": "true",
        "trusted-ca-file": pki.cert(ETCD),
        "cert-file": pki.cert("etcd"),
        "key-file": pki.key("etcd"),
        "peer-client-cert-auth": "true",
        "peer-trusted-ca-file": pki.cert(ETCD),
        "peer-cert-file": pki.cert("etcd"),
        "peer-key-file": pki.key("etcd"),
        # Keep one hour of history instead of all of it, because nobody reads old revisions.
        "auto-compaction-retention": "1h",
        "log-level": "warn",
    }
    return Process("etcd", (str(tools.binary("etcd")), *flags(options)), identity)


def apiserver(instance: Instance, pki: Pki) -> Process:
    identities = ("apiserver", "apiserver-kubelet-client", "apiserver-etcd-client", "front-proxy-client")
    certificates = [pki.cert(name) for name in (CLUSTER, FRONT_PROXY, ETCD, *identities)]
    private, public = pki.folder / "sa.key", pki.folder / "sa.pub"
    options: dict[str, str | Path] = {
        "advertise-address": instance.node_ip,
        "bind-address": instance.node_ip,
        "secure-port": "6443",
        "service-cluster-ip-range": instance.service_cidr,
        "allow-privileged": "true",
        "anonymous-auth": "false",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "client-ca-file": pki.cert(CLUSTER),
        "tls-cert-file": pki.cert("apiserver"),
        "tls-private-key-file": pki.key("apiserver"),
        "etcd-servers": f"https://127.0.0.1:{ETCD_PORT}",
        "etcd-cafile": pki.cert(ETCD),
        "etcd-certfile": pki.cert("apiserver-etcd-client"),
        "etcd-keyfile": pki.key("apiserver-etcd-client"),
        "kubelet-preferred-address-types": "InternalIP",
        "kubelet-certificate-authority": pki.cert(CLUSTER),
        "kubelet-client-certificate": pki.cert("apiserver-kubelet-client"),
        "kubelet-client-key": pki.key("apiserver-kubelet-client"),
        "service-account-issuer": ISSUER,
        "service-account-key-file": public,
        "service-account-signing-key-file": private,
        # The aggregation layer, for API servers in pods, such as metrics-server.
        "requestheader-client-ca-file": pki.cert(FRONT_PROXY),
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "proxy-client-cert-file": pki.cert("front-proxy-client"),
        "proxy-client-key-file": pki.key("front-proxy-client"),
        "profiling": "false",
    }
    # A new etcd restarts the API server: its many connections would retry the old etcd only after up to two minutes.
    inputs = (*certificates, public, record_path(instance, "etcd"))
    return Process("kube-apiserver", (str(tools.binary("kube-apiserver")), *flags(options)), inputs)


def controller_manager(instance: Instance, pki: Pki) -> Process:
    config = _kubeconfig(instance, pki, "controller-manager")
    options: dict[str, str | Path] = {
        **_component(instance, pki, "controller-manager", config, CONTROLLER_MANAGER_PORT),
        "use-service-account-credentials": "true",
        "service-account-private-key-file": pki.folder / "sa.key",
        "root-ca-file": pki.cert(CLUSTER),
        "cluster-signing-cert-file": pki.cert(CLUSTER),
        "cluster-signing-key-file": pki.key(CLUSTER),
        # The default folder would be created on the host.
        "flex-volume-plugin-dir": "/var/lib/kubelet/volume-plugins",
    }
    return Process("kube-controller-manager", (str(tools.binary("kube-controller-manager")), *flags(options)), (config, pki.cert(CLUSTER)))


def scheduler(instance: Instance, pki: Pki) -> Process:
    config = _kubeconfig(instance, pki, "scheduler")
    options = _component(instance, pki, "scheduler", config, SCHEDULER_PORT)
    return Process("kube-scheduler", (str(tools.binary("kube-scheduler")), *flags(options)), (config, pki.cert(CLUSTER)))


def _kubeconfig(instance: Instance, pki: Pki, identity: str) -> Path:
    path = pki.folder / f"{identity}.kubeconfig"
    kubeconfig.write(instance, pki, identity, path)
    return path


def _component(instance: Instance, pki: Pki, identity: str, config: Path, port: int) -> dict[str, str | Path]:
    return {
        "kubeconfig": config,
        "authentication-kubeconfig": config,
        "authorization-kubeconfig": config,
        "bind-address": instance.node_ip,
        "secure-port": str(port),
        "tls-cert-file": pki.cert(identity),
        "tls-private-key-file": pki.key(identity),
        # A single node needs no leader election; a restart must not wait for the previous process's lease.
        "leader-elect": "false",
        "profiling": "false",
    }
