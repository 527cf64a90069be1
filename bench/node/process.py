"""One long-running process of the node: starting, finding, awaiting and stopping it."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import BenchError
from bench.node import cgroups, namespaces
from bench.paths import Instance

POLL_SECONDS = 0.3
LOG_TAIL_LINES = 12
STACK_TRACE_LINES = 60

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
"""The same for every user who runs `up`, so that nodes of different users do not differ."""


def flags(options: Mapping[str, str | int | Path]) -> list[str]:
    """Command-line arguments, by their names without the dashes."""
    return [f"--{name}={value}" for name, value in options.items()]


@dataclass(frozen=True)
class Process:
    """A process that should run. A change of `argv` or of the content of `inputs` restarts it."""

    name: str
    argv: tuple[str, ...]
    inputs: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to `ENVIRONMENT`."""

    def log(self, instance: Instance) -> Path:
        return log_path(instance, self.name)

    def record(self, instance: Instance) -> Path:
        return record_path(instance, self.name)

    def fingerprint(self) -> str:
        content = hashlib.sha256(json.dumps(self.argv).encode())
        for path in self.inputs:
            content.update(path.read_bytes())
        return content.hexdigest()[:16]


@dataclass(frozen=True)
class Record:
    """A process that was started. `ticks` is its start time; with the boot id it distinguishes a later process with the same pid."""

    pid: int
    ticks: int
    boot: str
    fingerprint: str
    argv: tuple[str, ...]

    def is_running(self) -> bool:
        return self.boot == boot_id() and start_ticks(self.pid) == self.ticks

    def seconds_up(self) -> float:
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return uptime - self.ticks / os.sysconf("SC_CLK_TCK")


def log_path(instance: Instance, name: str) -> Path:
    return instance.state / "logs" / f"{name}.log"


def record_path(instance: Instance, name: str) -> Path:
    return instance.state / "processes" / f"{name}.json"


def start_ticks(pid: int, proc: Path = Path("/proc")) -> int | None:
    """Start time of a running process in clock ticks since boot; None if it is gone or a zombie."""
    try:
        stat = (proc / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The second field is the program's name in brackets and may itself contain brackets and spaces.
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def read_record(path: Path) -> Record | None:
    try:
        fields = json.loads(path.read_text())
        return Record(**{**fields, "argv": tuple(fields["argv"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def is_current(process: Process, instance: Instance) -> bool:
    """True if the process runs with these arguments and files."""
    record = read_record(process.record(instance))
    return record is not None and record.is_running() and record.fingerprint == process.fingerprint()


def ensure(process: Process, instance: Instance) -> bool:
    """Start the process unless it runs as configured; return True if it was started."""
    if is_current(process, instance):
        return False
    stop(process, instance)
    _start(process, instance)
    return True


def stop(process: Process, instance: Instance, grace: float = 5.0) -> None:
    """Stop every process of the node with this program, including one whose start was never recorded.

    `grace` is in seconds. A process that takes longer is killed, because each of them recovers from a crash.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + grace
        for pid in _instances_of(process, instance):
            _signal(pid, number)
        while _instances_of(process, instance):
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        else:
            return
    raise BenchError(f"{process.name} does not end; see `ps -o pid,stat,wchan,args`, then run the same command again")


def wait_until(process: Process, instance: Instance, ready: Callable[[], bool], timeout: float) -> None:
    """Wait for `ready`. Raises BenchError with the end of the log if the process ends first or needs more than `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not ready():
        record = read_record(process.record(instance))
        if record is None or not record.is_running():
            raise BenchError(f"{process.name} stopped by itself; {log_excerpt(process.log(instance))}")
        if time.monotonic() > deadline:
            raise BenchError(f"{process.name} is not ready after {timeout:.0f} s; {log_excerpt(process.log(instance))}")
        time.sleep(POLL_SECONDS)


def log_excerpt(path: Path) -> str:
    """Text for an error: the log's path and its last lines; a stack trace at the end is left out."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    panics = [number for number, line in enumerate(lines) if line.startswith("panic:") and len(lines) - number <= STACK_TRACE_LINES]
    shown = lines[: panics[-1] + 1] if panics else lines
    tail = "".join(f"\n    {line}" for line in shown[-LOG_TAIL_LINES:])
    return f"the end of its log {path}:{tail}"


def _instances_of(process: Process, instance: Instance) -> list[int]:
    # The recorded program counts too: after a rebuild, the running program lies at another path.
    record = read_record(process.record(instance))
    programs = {process.argv[0], *(record.argv[:1] if record else ())}
    return [pid for pid in cgroups.node_members(instance) if start_ticks(pid) is not None and programs & set(_command_line(pid))]


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _start(process: Process, instance: Instance) -> None:
    log, record = process.log(instance), process.record(instance)
    for path in (log, record):
        path.parent.mkdir(parents=True, exist_ok=True)
    # The shell joins the cgroups, then becomes nsenter, which becomes the program; the pid stays the same.
    join = "".join(f"echo $$ > {shlex.quote(str(leaf / 'cgroup.procs'))} && " for leaf in cgroups.leaves(instance))
    argv = ["sh", "-c", f'{join}exec "$@"', "sh", *namespaces.enter(instance), *process.argv]
    with log.open("ab") as output:
        child = subprocess.Popen(
            argv,
            cwd="/",
            env={**ENVIRONMENT, **process.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    ticks = start_ticks(child.pid)
    fields = {"pid": child.pid, "ticks": ticks, "boot": boot_id(), "fingerprint": process.fingerprint(), "argv": process.argv}
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps(fields, indent=2) + "\n")
    fresh.replace(record)
