"""The processes of a worker node with their settings: containerd, the registry, the kubelet and kube-proxy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from bench import registry, tools
from bench.errors import BenchError
from bench.node import kubeconfig
from bench.node.pki import CLUSTER, Pki, node_name
from bench.node.process import Process
from bench.paths import Instance

REGISTRY_PORT = int(registry.NODE_ADDRESS.rpartition(":")[2])
KUBELET_HEALTH_PORT, PROXY_HEALTH_PORT = 10248, 10256

# Path inside the node's mount namespace, which has its own /run and /var/lib.
SOCKET = "/run/containerd/containerd.sock"
KUBELET_ROOT = "/var/lib/kubelet"

PAUSE_IMAGE = "registry.k8s.io/pause:3.10"


def containerd(instance: Instance) -> Process:
    program = shutil.which("containerd", path="/usr/local/bin:/usr/bin:/usr/sbin")
    if program is None:
        raise BenchError("containerd is not installed; run: python -m bench doctor")
    network = _write(instance, "cni/10-bench.conflist", json.dumps(cni_config(instance), indent=2)).parent
    hosts = _folder(instance) / "certs.d"
    registry.write_hosts(hosts)
    config = _write(instance, "containerd.toml", containerd_config(instance, network, hosts))
    return Process("containerd", (program, "--config", str(config)), (config,))


def image_registry(instance: Instance) -> Process:
    config = _folder(instance) / "registry.yaml"
    registry.write_config(config)
    return Process("registry", tuple(registry.command(config)), (config,), registry.ENVIRONMENT)


def kubelet(instance: Instance, pki: Pki) -> Process:
    identity = pki.folder / "kubelet.kubeconfig"
    kubeconfig.write(instance, pki, "kubelet", identity)
    # The file is empty: pods cannot reach the machine's resolver and need no names from outside the cluster.
    resolver = _write(instance, "resolv.conf", "")
    config = _write(instance, "kubelet.json", json.dumps(kubelet_config(instance, pki, resolver), indent=2))
    options = [
        f"--config={config}",
        f"--kubeconfig={identity}",
        f"--hostname-override={node_name(instance)}",
        f"--node-ip={instance.node_ip}",
        f"--root-dir={KUBELET_ROOT}",
    ]
    inputs = (config, identity, pki.cert(CLUSTER), pki.cert("kubelet"))
    return Process("kubelet", (str(tools.binary("kubelet")), *options), inputs)


def kube_proxy(instance: Instance, pki: Pki) -> Process:
    identity = pki.folder / "kube-proxy.kubeconfig"
    kubeconfig.write(instance, pki, "kube-proxy", identity)
    config = _write(instance, "kube-proxy.json", json.dumps(proxy_config(instance, identity), indent=2))
    return Process("kube-proxy", (str(tools.binary("kube-proxy")), f"--config={config}"), (config, identity))


def cni_config(instance: Instance) -> dict[str, Any]:
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        # Lets a pod reach itself through its own Service.
        "hairpinMode": True,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": instance.pod_cidr}]], "routes": [{"dst": "0.0.0.0/0"}]},
    }
    return {"cniVersion": "0.4.0", "name": "bench", "plugins": [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]}


def containerd_config(instance: Instance, network: Path, hosts: Path) -> str:
    root = instance.state / "containerd"
    return f"""\
version = 2
root = "{root}"
state = "{Path(SOCKET).parent}"

[grpc]
  address = "{SOCKET}"

[debug]
  level = "warn"

[plugins."io.containerd.internal.v1.opt"]
  path = "{root}/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # Root in a virtual machine or container may lack CAP_SYS_RESOURCE; every sandbox would fail to start.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{network}"

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{hosts}"
"""


def kubelet_config(instance: Instance, pki: Pki, resolver: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": instance.node_ip,
        "healthzBindAddress": instance.node_ip,
        "healthzPort": KUBELET_HEALTH_PORT,
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}, "x509": {"clientCAFile": str(pki.cert(CLUSTER))}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki.cert("kubelet")),
        "tlsPrivateKeyFile": str(pki.key("kubelet")),
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "clusterDNS": [instance.dns_ip],
        "clusterDomain": "cluster.local",
        "resolvConf": str(resolver),
        # A small image should not wait behind a large one: pulling a model server's image takes 15 seconds.
        "serializeImagePulls": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{instance.cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        # Some machines report a larger disk than they provide, and the kubelet would delete images to make room.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        # Lowering it needs CAP_SYS_RESOURCE, as above.
        "oomScoreAdj": 0,
        # The default folder would be created on the host.
        "volumePluginDir": f"{KUBELET_ROOT}/volume-plugins",
    }


def proxy_config(instance: Instance, identity: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": {"kubeconfig": str(identity)},
        "hostnameOverride": node_name(instance),
        "clusterCIDR": instance.pod_cidr,
        "bindAddress": instance.node_ip,
        "healthzBindAddress": f"{instance.node_ip}:{PROXY_HEALTH_PORT}",
        "metricsBindAddress": "127.0.0.1:10249",
        "oomScoreAdj": 0,
        # Zero leaves the kernel's connection tracking unchanged, because most of it belongs to the whole machine.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _folder(instance: Instance) -> Path:
    folder = instance.state / "config"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(instance: Instance, name: str, text: str) -> Path:
    path = _folder(instance) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return path
