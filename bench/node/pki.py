"""The cluster's certificates: three authorities and one certificate per identity, all made with the openssl CLI.

Everything lies in `<state>/pki`, readable only by root. A certificate is made again when its request or its
authority changes, or when it expires in less than 30 days.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from bench.node import shell
from bench.paths import Instance

AUTHORITY_DAYS = 3650
LEAF_DAYS = 365
RENEW_SECONDS = 30 * 24 * 3600

CLUSTER, FRONT_PROXY, ETCD = "ca", "front-proxy-ca", "etcd-ca"
AUTHORITIES = (CLUSTER, FRONT_PROXY, ETCD)

CLIENT, SERVER = "clientAuth", "serverAuth"

ADMINS = "bench:cluster-admins"
"""The admin's group. An RBAC object binds it to cluster-admin, so it can be revoked, unlike system:masters."""


@dataclass(frozen=True)
class Leaf:
    """A certificate that is not an authority's. `hosts` are DNS names and IP addresses."""

    name: str
    subject: str
    usages: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    authority: str = CLUSTER
    days: int = LEAF_DAYS


def leaves(instance: Instance) -> list[Leaf]:
    """Every identity of the cluster except the super-admin, which exists only while it binds the admin."""
    node, ip = node_name(instance), instance.node_ip
    api = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost")
    return [
        Leaf("apiserver", "/CN=kube-apiserver", (SERVER,), (*api, node, ip, service_ip(instance), "127.0.0.1")),
        Leaf("apiserver-kubelet-client", "/CN=kube-apiserver-kubelet-client", (CLIENT,)),
        Leaf("apiserver-etcd-client", "/CN=kube-apiserver-etcd-client", (CLIENT,), authority=ETCD),
        Leaf("front-proxy-client", "/CN=front-proxy-client", (CLIENT,), authority=FRONT_PROXY),
        # etcd is also its own client: its HTTP gateway calls its gRPC port.
        Leaf("etcd", "/CN=etcd", (SERVER, CLIENT), ("localhost", "127.0.0.1"), authority=ETCD),
        Leaf("controller-manager", "/CN=system:kube-controller-manager", (SERVER, CLIENT), (ip,)),
        Leaf("scheduler", "/CN=system:kube-scheduler", (SERVER, CLIENT), (ip,)),
        Leaf("kube-proxy", "/CN=system:kube-proxy", (CLIENT,)),
        Leaf("kubelet", f"/O=system:nodes/CN=system:node:{node}", (SERVER, CLIENT), (node, ip)),
        Leaf("metrics-server", "/CN=metrics-server", (SERVER,), ("metrics-server.kube-system.svc",)),
        Leaf("admin", f"/O={ADMINS}/CN=bench-admin", (CLIENT,)),
    ]


def super_admin() -> Leaf:
    """Certificate for one use, valid for one day: no other identity may bind cluster-admin in a cluster without bindings."""
    return Leaf("super-admin", "/O=system:masters/CN=bench-super-admin", (CLIENT,), days=1)


def node_name(instance: Instance) -> str:
    return instance.cgroup


def service_ip(instance: Instance) -> str:
    """The API's own ClusterIP, the first address of the service range."""
    return str(IPv4Network(instance.service_cidr)[1])


class Pki:
    """Folder with the certificates of one instance."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.folder = instance.state / "pki"

    def cert(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def ensure(self) -> None:
        """Make or renew what is missing or stale; valid certificates stay unchanged."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for name in AUTHORITIES:
            if not (self.cert(name).exists() and self.key(name).exists()):
                self._make(name, AUTHORITY_DAYS, _authority_request(name), None)
        for leaf in leaves(self.instance):
            if self.is_stale(leaf):
                self.issue(leaf)
        self._ensure_service_account_key()

    def is_stale(self, leaf: Leaf) -> bool:
        request = self._request(leaf.name)
        if not (self.cert(leaf.name).exists() and self.key(leaf.name).exists() and request.exists()):
            return True
        if request.read_text() != _leaf_request(leaf):
            return True
        soon = str(int(time.time()) + RENEW_SECONDS)
        verify = ["openssl", "verify", "-attime", soon, "-CAfile", str(self.cert(leaf.authority)), str(self.cert(leaf.name))]
        return subprocess.run(verify, capture_output=True, check=False).returncode != 0

    def issue(self, leaf: Leaf) -> None:
        self._make(leaf.name, leaf.days, _leaf_request(leaf), leaf.authority)

    def remove(self, name: str) -> None:
        for path in (self.cert(name), self.key(name), self._request(name)):
            path.unlink(missing_ok=True)

    def _request(self, name: str) -> Path:
        return self.folder / f"{name}.cnf"

    def _make(self, name: str, days: int, request: str, authority: str | None) -> None:
        # The certificate is written last and removed first, so that an interruption never leaves a mismatched pair.
        self.cert(name).unlink(missing_ok=True)
        self._request(name).write_text(request)
        fresh = self.folder / f"{name}.new"
        argv = ["openssl", "req", "-x509", "-new", "-noenc", "-config", str(self._request(name)), "-days", str(days)]
        argv += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", str(self.key(name)), "-out", str(fresh)]
        if authority:
            argv += ["-CA", str(self.cert(authority)), "-CAkey", str(self.key(authority))]
        shell.run(argv)
        self.key(name).chmod(0o600)
        fresh.replace(self.cert(name))

    def _ensure_service_account_key(self) -> None:
        private, public = self.folder / "sa.key", self.folder / "sa.pub"
        if not public.exists():
            shell.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", str(private)])
            private.chmod(0o600)
            shell.run(["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)])


def _authority_request(name: str) -> str:
    return _request_text(
        f"/CN=bench-{name}", ["basicConstraints = critical, CA:TRUE", "keyUsage = critical, keyCertSign, cRLSign, digitalSignature"]
    )


def _leaf_request(leaf: Leaf) -> str:
    extensions = [
        "basicConstraints = critical, CA:FALSE",
        "keyUsage = critical, digitalSignature",
        f"extendedKeyUsage = {', '.join(leaf.usages)}",
        "authorityKeyIdentifier = keyid",
    ]
    if leaf.hosts:
        names = (f"{'IP' if host.replace('.', '').isdigit() else 'DNS'}:{host}" for host in leaf.hosts)
        extensions.append(f"subjectAltName = {', '.join(names)}")
    return _request_text(leaf.subject, extensions)


def _request_text(subject: str, extensions: list[str]) -> str:
    names = [part.split("=", 1) for part in subject.strip("/").split("/")]
    lines = ["[req]", "prompt = no", "string_mask = utf8only", "distinguished_name = name", "x509_extensions = extensions", "", "[name]"]
    lines += [f"{key} = {value}" for key, value in names]
    lines += ["", "[extensions]", "subjectKeyIdentifier = hash", *extensions, ""]
    return "\n".join(lines)
