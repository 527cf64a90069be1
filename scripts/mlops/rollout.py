"""Progressive rollout of a new version: `python -m scripts.mlops.rollout --stack local --model-name NAME --source s3://...`.

The candidate starts without users, then gets growing shares of the requests. At each share it is compared with the stable version.
In the end it is promoted, or it is taken back as soon as it is found bad. The checkout's Pulumi.<stack>.yaml always has the
present state; commit it afterwards. After a kill or an interrupt, the same command continues. Exit status: 0 when it was promoted (or
taken back as asked), 1 when it was taken back, 2 when neither could be done, 130 when the command was interrupted.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import asdict
from pathlib import Path

from scripts.errors import DriverError
from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.gates import Gates
from scripts.mlops.delivery.journal import PROMOTED, Journal
from scripts.mlops.delivery.plan import Named
from scripts.mlops.delivery.rehearsal import rehearse
from scripts.mlops.delivery.session import Session, session
from stacks.config import ConfigError

GO_ON = "Everything stays as it is now: the same command continues, --rollback takes back a candidate that has begun, --status shows it."


def execute(options: argparse.Namespace) -> int:
    maximum = None if options.max_p95_ms is None else options.max_p95_ms / 1000
    gates = Gates(options.max_error_rate, options.max_p95_ratio, maximum, options.min_requests)
    found = session(options.stack, options.model_name, gates, options.interval, sys.stdout)
    if options.status:
        print(_status(found))
        return 0
    if options.rollback:
        _report(options, found, found.rollout.back("asked for"))
        return 0
    candidate = Named(options.source or found.rollout.stable.source, options.image)
    if options.dry_run:
        print(rehearse(found.rollout, found.engine, candidate, options.steps))
        return 0
    done = found.rollout.run(candidate, options.steps)
    _report(options, found, done)
    return 0 if done.outcome == PROMOTED else 1


def _status(found: Session) -> str:
    ports = found.rollout.ports
    standing, known = ports.strategy.standing(ports.file), journals.load(ports.journal)
    beside = "no candidate" if standing.percent is None else f"{standing.candidate or 'stable once more'} at {standing.percent} %"
    lines = [f"stack file   {standing.stable}; {beside}", f"cluster      {ports.strategy.summary()}"]
    if known:
        lines.append(f"last rollout {known.candidate}: {known.outcome or known.going_back or 'under way'}")
        lines += [f"             {step.name}: {step.verdict} {step.reason}".rstrip() for step in known.steps]
    return "\n".join(lines)


def _report(options: argparse.Namespace, found: Session, done: Journal) -> None:
    ports = found.rollout.ports
    ports.display.say(f"{done.outcome}: {done.candidate}. {ports.file.path.name} has it now; commit the file")
    text = json.dumps({**asdict(done), "stack": options.stack, "model": found.model.name, "log": str(found.log)}, indent=1)
    if options.json:
        Path(options.json).write_text(text + "\n")


def _percents(text: str) -> tuple[int, ...]:
    try:
        steps = tuple(int(part) for part in text.split(","))
    except ValueError:
        steps = ()
    if not steps or list(steps) != sorted(set(steps)) or not 0 < steps[0] <= steps[-1] <= 100:
        raise argparse.ArgumentTypeError(f"{text!r}: write rising percentages, such as 10,50,100")
    return steps


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.mlops.rollout", description=__doc__, allow_abbrev=False)
    parser.add_argument("--stack", required=True, help="local, dev, prod ...")
    parser.add_argument("--model-name", metavar="NAME", help="a key of models: in the stack file (default: the only one)")
    parser.add_argument(
        "--source", metavar="ADDRESS", help="address of the new version's files, such as s3://<bucket>/<key>; not a model's name"
    )
    parser.add_argument("--image", help="image of the new version's server; without --source it gets stable's files")
    parser.add_argument("--rollback", action="store_true", help="take the candidate back, or the last promotion")
    parser.add_argument("--status", action="store_true", help="show stack file, cluster and journal")
    parser.add_argument(
        "--steps",
        type=_percents,
        default=(10, 50, 100),
        help="the candidate's shares of the requests in percent, one per step (default: 10,50,100)",
    )
    parser.add_argument("--interval", type=float, default=60, help="seconds that each step is watched (default: %(default)s)")
    parser.add_argument(
        "--max-error-rate",
        type=float,
        default=0.01,
        help="how much higher the candidate's error rate may be than stable's, 0..1 (default: %(default)s)",
    )
    parser.add_argument(
        "--max-p95-ratio", type=float, default=1.5, help="highest ratio of the candidate's P95 to stable's (default: %(default)s)"
    )
    parser.add_argument("--max-p95-ms", type=float, help="the candidate's highest P95, regardless of stable's")
    parser.add_argument("--min-requests", type=int, default=100, help="fewest requests to each version in each step (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="print the steps, preview the first one, change nothing")
    parser.add_argument(
        "--json", metavar="FILE|-", help="write the report to this file; - for standard output, and everything else goes to standard error"
    )
    options = parser.parse_args(given)
    if [bool(options.source or options.image), options.rollback, options.status].count(True) != 1:
        parser.error("give one of these: --source and --image of the version to roll out, --rollback, or --status")
    if options.dry_run and (options.rollback or options.status):
        parser.error("--dry-run goes with --source or --image")
    _check_gates(parser, options)
    if options.json and options.json != "-" and not Path(options.json).absolute().parent.is_dir():
        parser.error(f"--json {options.json}: there is no such folder")
    return options


def _check_gates(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse numbers that no figure is above or below, NaN among them: such a gate would let every candidate pass."""
    for name in ("interval", "max_p95_ratio", "max_p95_ms", "min_requests"):
        value = getattr(options, name)
        if value is not None and not (math.isfinite(value) and value > 0):
            parser.error(f"--{name.replace('_', '-')} must be a number above 0, not {value:g}")
    if not 0 <= options.max_error_rate <= 1:
        parser.error(f"--max-error-rate must be between 0 and 1, not {options.max_error_rate:g}")


def main() -> int:
    options = arguments()
    if options.json == "-":
        # The output of other programs must not get into the JSON.
        result = os.dup(1)
        os.dup2(2, 1)
        options.json = f"/dev/fd/{result}"
    try:
        return execute(options)
    except (DriverError, ConfigError) as error:
        print(f"error: {error}\n{GO_ON}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\ninterrupted. {GO_ON}", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
