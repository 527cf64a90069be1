"""`make bench`: the times that people wait for, beside those of the last record in docs/bench.json, as a table and as docs/bench.png.

No test judges these times, because a busy machine changes them. Compare figures of one machine, and processor time before time.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from matplotlib.figure import Figure

from scripts.errors import DriverError
from tests.bench.many_models import programs as many_models
from tests.bench.many_models import seconds
from tests.engine.previews import Machine, Scratch, this_machine, with_stand_in_digests

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs/bench.json"
PICTURE = ROOT / "docs/bench.png"
MODELS = 50
PR_SET_CHILD_SUBREAPER = 36
"""https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html"""
ROUNDS = 3


@dataclass(frozen=True)
class Time:
    """Seconds on the clock, and of processors in this process and its children."""

    seconds: float
    processor_seconds: float


def timed(run: Callable[[], object]) -> Time:
    began, used = time.monotonic(), _processor_seconds()
    run()
    _reap()
    return Time(round(time.monotonic() - began, 1), round(_processor_seconds() - used, 1))


def _processor_seconds() -> float:
    return sum(os.times()[:4])


def _adopt() -> None:
    """Become the parent of what a child leaves behind: the engine does not wait for its plugins, whose time would count nowhere."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def _reap() -> None:
    """Wait for every child that is left, so that its time counts."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def cases(machine: Machine) -> dict[str, Callable[[], object]]:
    """Return what is timed, by its name in the table."""
    by_models, by_hand = many_models(MODELS)
    environment = {**machine.environment, "KUBECONFIG": "/nonexistent"}
    return {
        "preview of dev": lambda: _preview("dev", machine),
        "preview of prod": lambda: _preview("prod", machine),
        f"preview of {MODELS} models": lambda: seconds(by_models, environment),
        "the same objects by hand": lambda: seconds(by_hand, environment),
        "make check": lambda: subprocess.run(["make", "--silent", "check"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL),
    }


def _preview(stack: str, machine: Machine) -> None:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as program:
        found, program_folder = machine, ROOT
        if stack == "prod":
            program_folder, found = with_stand_in_digests(Path(program), machine)
        done = Scratch(Path(folder), stack, found, program=program_folder).preview()
        if done.code:
            raise DriverError(done.text[-2000:])


def measured(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Time]:
    """Medians of so many rounds, each of all cases in turn, so that a busy minute does not fall on one of them."""
    times: dict[str, list[Time]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            print(f"round {number + 1} of {rounds}: {name} ...", file=sys.stderr, flush=True)
            times[name].append(timed(run))
    return {
        name: Time(statistics.median(each.seconds for each in found), statistics.median(each.processor_seconds for each in found))
        for name, found in times.items()
    }


def table(now: Mapping[str, Time], last: Mapping[str, Time]) -> str:
    """Markdown: each time, and its ratio to the last one."""
    lines = ["| what | s | of it before | processor s | of it before |", "|---|---|---|---|---|"]
    for name, found in now.items():
        before = last.get(name)
        ratios = [
            f"{new / old:.2f}" if before and (old := getattr(before, field)) else "new"
            for field, new in (("seconds", found.seconds), ("processor_seconds", found.processor_seconds))
        ]
        lines.append(f"| {name} | {found.seconds:.1f} | {ratios[0]} | {found.processor_seconds:.1f} | {ratios[1]} |")
    return "\n".join(lines)


def draw(now: Mapping[str, Time], last: Mapping[str, Time], path: Path) -> None:
    """Draw the processor seconds as a bar for each case, the last record's below it."""
    figure = Figure(figsize=(8, 0.8 * len(now) + 1), layout="constrained")
    axes = figure.subplots()
    places = range(len(now))
    axes.barh([place - 0.2 for place in places], [each.processor_seconds for each in now.values()], 0.4, label="now")
    axes.barh([place + 0.2 for place in places], [last[name].processor_seconds if name in last else 0 for name in now], 0.4, label="before")
    axes.set_yticks(list(places), list(now))
    axes.invert_yaxis()
    axes.set_xlabel("processor seconds")
    axes.legend()
    figure.savefig(path)


def load(path: Path) -> dict[str, Time]:
    return {name: Time(**found) for name, found in json.loads(path.read_text()).items()} if path.exists() else {}


def save(now: Mapping[str, Time], path: Path) -> None:
    path.write_text(json.dumps({name: asdict(found) for name, found in now.items()}, indent=2) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each case, in turns (default: %(default)s)")
    parser.add_argument("--record", action="store_true", help=f"keep the figures: {RECORD.relative_to(ROOT)} and its picture")
    options = parser.parse_args()
    last = load(RECORD)
    _adopt()
    now = measured(cases(this_machine()), options.rounds)
    print(table(now, last))
    if options.record:
        draw(now, last, PICTURE)
        save(now, RECORD)
    return 0


if __name__ == "__main__":
    sys.exit(main())
