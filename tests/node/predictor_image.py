"""The built images of models/mnist-classifier, unpacked, so that their own Python can be run without a node."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from socket import socket
from typing import Any
from urllib.request import urlopen

from bench import buildah, registry
from bench.images import LOCK
from bench.lock import exclusive

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL = "mnist-classifier"
USER = "65532:65532"
SERVED_BY = "mnist-classifier-predictor-00001/a-pod"
"""The X-Served-By of its answers: Knative and the kubelet tell the server its revision and its pod."""
START_TIMEOUT = 120.0
STORAGE = ["buildah", "--root", str(buildah.STORAGE), "--runroot", str(buildah.RUN_ROOT), "--storage-driver", "overlay"]


@dataclass(frozen=True)
class Roots:
    """The unpacked root file systems of both targets."""

    serving: Path
    weights: Path


@contextmanager
def unpacked() -> Iterator[Roots]:
    """Both targets, built if they aren't yet. Holds the bench's lock on image builds: those remove every container they find."""
    references = [_built(stage) for stage in ("serving", "weights")]
    with exclusive(LOCK, "the image build"), ExitStack() as containers:
        with registry.serving() as address:
            for reference in references:
                buildah.ensure_local(reference, address)
        serving, weights = (containers.enter_context(_mounted(reference)) for reference in references)
        yield Roots(serving, weights)


@contextmanager
def _mounted(reference: str) -> Iterator[Path]:
    container = _buildah("from", "--pull=never", reference)
    try:
        yield Path(_buildah("mount", container))
    finally:
        _buildah("rm", container)


def _built(stage: str) -> str:
    command = [sys.executable, "-m", "bench", "image", f"models/{MODEL}", f"{MODEL}-{stage}", "--target", stage]
    return subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@dataclass(frozen=True)
class Predictor:
    """A running server, in the image, as the image's user, on a read-only root with an empty /tmp."""

    process: subprocess.Popen[str]
    port: int

    def send(self, method: str, path: str, body: bytes | None = None, content_type: str | None = "application/json") -> tuple[int, Any]:
        """Status and JSON answer over a connection of its own; None for a body that isn't JSON."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {"Content-Type": content_type} if content_type else {})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, json.loads(content) if is_json else None

    def served_by(self, path: str, body: bytes) -> str | None:
        """The X-Served-By of the answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", path, body)
        served_by = connection.getresponse().headers["x-served-by"]
        connection.close()
        return served_by

    def text(self, path: str) -> str:
        """The body of a GET."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as response:
            content: bytes = response.read()
        return content.decode()

    def terminate(self) -> None:
        """SIGTERM, as the kubelet sends it."""
        self.process.send_signal(signal.SIGTERM)


@contextmanager
def serving(root: Path, weights: Path, drain_seconds: float = 1) -> Iterator[Predictor]:
    """A server over the weights in the folder `weights` (of this machine), stopped at the end; ready when it is yielded."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = start(root, weights, f"--http_port={port}", f"--drain_seconds={drain_seconds}")
    predictor = Predictor(process, port)
    try:
        _await_ready(predictor)
        yield predictor
    finally:
        process.kill()
        process.communicate()


def start(root: Path, weights: Path, *options: str) -> subprocess.Popen[str]:
    """The image's entry point in a mount namespace of its own, which ends with it."""
    models = root / "mnt/models"
    models.mkdir(parents=True, exist_ok=True)
    script = """
        mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount --bind "$1" "$0/mnt/models" &&
        mount -t tmpfs tmpfs "$0/tmp" && mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" &&
        exec chroot --userspec="$2" "$0" env --chdir=/app HOME=/tmp PYTHONDONTWRITEBYTECODE=1 CPU_LIMIT=2 \
             K_REVISION="${3%/*}" HOSTNAME="${3#*/}" python3 -m mnist.server --model_dir=/mnt/models "${@:4}"
    """
    command = ["unshare", "--mount", "bash", "-c", script, str(root), str(weights), USER, SERVED_BY, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run_python(root: Path, code: str) -> str:
    """The output of `code`, run by the image's Python as its user with the image's packages."""
    command = ["chroot", f"--userspec={USER}", str(root), "env", "--chdir=/app", "HOME=/tmp", "python3", "-W", "ignore", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def shared_folder() -> Iterator[Path]:
    """A temporary folder that the image's user can read; pytest's own can't be entered by other users."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def copy_weights(weights_root: Path, folder: Path) -> Path:
    """Copies the weights and their record into `folder`; returns it."""
    return Path(shutil.copytree(weights_root / "weights/mnist", folder, dirs_exist_ok=True))


def _await_ready(predictor: Predictor) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if predictor.process.poll() is not None:
            raise AssertionError(f"the server ended: {predictor.process.communicate()[0]}")
        try:
            if predictor.send("GET", "/v1/models/mnist-classifier")[0] == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server wasn't ready within {START_TIMEOUT:.0f} s")


def _buildah(*arguments: str) -> str:
    return subprocess.run([*STORAGE, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
