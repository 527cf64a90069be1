"""The node's network and mount namespaces. The file system holds them, not a process, so that they survive every kill.

The network namespace is an ordinary `ip netns`. The mount namespace has its own `/run`, `/var/lib` and `/var/log`:
the kubelet, containerd and CNI have paths there that no option changes.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from bench.node import shell
from bench.paths import CACHE, STATE_ROOT, Instance

NETNS = Path("/run/netns")

KERNEL_SETTINGS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
"""Settings that a starting kubelet changes for the whole machine (pkg/kubelet/cm: setupKernelTunables)."""


def enter(instance: Instance) -> list[str]:
    """Words before a command that make it run inside the node's namespaces."""
    return ["nsenter", f"--net={_net_file(instance)}", f"--mount={_mount_file(instance)}", "--"]


def exist(instance: Instance) -> bool:
    """True if both namespaces exist and were set up completely."""
    held = _mount_points()
    return _ready_file(instance).exists() and {str(_net_file(instance)), str(_mount_file(instance))} <= held


def create(instance: Instance) -> None:
    """Make both namespaces. No process of the node may be running."""
    remove(instance)
    NETNS.mkdir(parents=True, exist_ok=True)
    _net_file(instance).touch()
    # `ip netns add` would leave a mount on /run/netns behind; this has the same result without it.
    shell.run(["unshare", f"--net={_net_file(instance)}", "ip", "link", "set", "lo", "up"])
    folder = _folder(instance)
    folder.mkdir(parents=True, exist_ok=True)
    # Only a mount that does not propagate into the namespace can hold a mount namespace.
    shell.run(["mount", "--bind", "--make-private", str(folder), str(folder)])
    _mount_file(instance).touch()
    shell.run(["unshare", f"--mount={_mount_file(instance)}", "--propagation", "private", "sh", "-ec", _mount_script(instance)])
    _ready_file(instance).touch()


def remove(instance: Instance) -> None:
    """Release both; the kernel removes their mounts and links once no process is inside."""
    _ready_file(instance).unlink(missing_ok=True)
    for path in (_mount_file(instance), _folder(instance), _net_file(instance)):
        while str(path) in _mount_points():
            shell.run(["umount", "--lazy", str(path)])
    _net_file(instance).unlink(missing_ok=True)
    _mount_file(instance).unlink(missing_ok=True)
    if NETNS.is_dir() and str(NETNS) not in _mount_points() and not any(NETNS.iterdir()):
        NETNS.rmdir()


def mounted_below(folder: Path) -> list[str]:
    """Mount points of the host in or under `folder`."""
    return sorted(point for point in _mount_points() if Path(point).is_relative_to(folder))


def _mount_script(instance: Instance) -> str:
    state, cache = instance.state, CACHE
    fakes = state / "kernel-settings"
    for setting in KERNEL_SETTINGS:
        fake = fakes / setting
        fake.parent.mkdir(parents=True, exist_ok=True)
        fake.write_text(Path("/proc/sys", setting).read_text())
    for folder in (cache, state / "kubelet", state / "log"):
        folder.mkdir(parents=True, exist_ok=True)
    no_resolver = state / "no-resolver"
    no_resolver.touch()
    # Unmount the mounts of other nodes and builds here: they would live on in this namespace after their owners unmount them.
    foreign = sorted((p for p in _mount_points() if any(_is_below(p, top) for top in (NETNS, STATE_ROOT, cache))), reverse=True)
    lines = [
        *(f"umount --lazy {shlex.quote(point)} || :" for point in foreign),
        "mount -t tmpfs -o mode=755 bench /run",
        "mkdir /run/state /run/cache",
        f"mount --bind {_q(state)} /run/state",
        f"mount --bind {_q(cache)} /run/cache",
        "mount -t tmpfs -o mode=755 bench /var/lib",
        f"mkdir -p {_q(state)} {_q(cache)} /var/lib/kubelet",
        f"mount --bind /run/state {_q(state)}",
        f"mount --bind /run/cache {_q(cache)}",
        f"mount --bind {_q(state / 'kubelet')} /var/lib/kubelet",
        f"mount --bind {_q(state / 'log')} /var/log",
        *(f"mount --bind {_q(fakes / setting)} {_q(Path('/proc/sys', setting))}" for setting in KERNEL_SETTINGS),
        # The machine's resolver is out of reach, and a missing image should fail at once instead of after a timeout. If the file is a link
        # into /run, it already leads nowhere.
        f"test -L /etc/resolv.conf || mount --bind {_q(no_resolver)} /etc/resolv.conf",
        # Volumes that a pod shares with the node (`mountPropagation`) need a shared root.
        "mount --make-rshared /",
    ]
    return "\n".join(lines)


def _is_below(point: str, top: Path) -> bool:
    return top in Path(point).parents


def _q(path: Path) -> str:
    return shlex.quote(str(path))


def _folder(instance: Instance) -> Path:
    return instance.state / "namespaces"


def _mount_file(instance: Instance) -> Path:
    return _folder(instance) / "mount"


def _ready_file(instance: Instance) -> Path:
    return instance.state / "namespaces-ready"


def _net_file(instance: Instance) -> Path:
    return NETNS / instance.netns


def _mount_points() -> set[str]:
    return {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
