"""Progressive rollout of a model: `python -m scripts.mlops.rollout --stack local --model s3://...`.

The candidate starts dark, gets its shares one after the other, and each time is compared with the stable version; then it is promoted,
or taken back as soon as it is found bad. The checkout's Pulumi.<stack>.yaml says at every moment what stands; commit it afterwards.
Killed or interrupted, the same command goes on. Exits 0 when it was promoted (or taken back as asked), 1 when it was taken back,
2 when neither could be done, 130 when it was interrupted.
"""

from __future__ import annotations

import argparse
import json
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
from scripts.mlops.delivery.services import SERVICES
from scripts.mlops.delivery.session import Session, session
from stacks.config import ConfigError

GO_ON = "What stands, stands: the same command goes on with it, --rollback takes it back, --status says what it is."


def execute(options: argparse.Namespace) -> int:
    maximum = options.max_p95_ms / 1000 if options.max_p95_ms else None
    gates = Gates(options.max_error_rate, options.max_p95_ratio, maximum, options.min_requests)
    found = session(options.stack, options.service, gates, options.interval, sys.stdout)
    if options.status:
        print(_status(found))
        return 0
    if options.rollback:
        _report(options, found, found.rollout.back("asked for"))
        return 0
    candidate = Named(options.model, options.image)
    if options.dry_run:
        print(rehearse(found.rollout, found.engine, candidate, options.steps))
        return 0
    done = found.rollout.run(candidate, options.steps)
    _report(options, found, done)
    return 0 if done.outcome == PROMOTED else 1


def _status(found: Session) -> str:
    ports = found.rollout.ports
    standing, known = ports.strategy.standing(ports.file), journals.load(ports.journal)
    beside = "no canary" if standing.percent is None else f"{standing.candidate or 'nobody'} at {standing.percent} %"
    lines = [f"stack file   {standing.stable}; {beside}", f"cluster      {ports.strategy.summary()}"]
    if known:
        lines.append(f"last rollout {known.candidate}: {known.outcome or known.going_back or 'under way'}")
        lines += [f"             {step.name}: {step.verdict} {step.reason}".rstrip() for step in known.steps]
    return "\n".join(lines)


def _report(options: argparse.Namespace, found: Session, done: Journal) -> None:
    ports = found.rollout.ports
    ports.display.say(f"{done.outcome}: {done.candidate}. {ports.file.path.name} says so now; commit it")
    text = json.dumps({**asdict(done), "stack": options.stack, "log": str(found.log)}, indent=1)
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
    parser = argparse.ArgumentParser(prog="python -m scripts.mlops.rollout", description=__doc__)
    parser.add_argument("--stack", required=True, help="local, dev, prod ...")
    parser.add_argument("--service", choices=sorted(SERVICES), default="mnist", help="(default: %(default)s)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--model", metavar="S3", help="roll this candidate out: s3://<bucket>/<key>; the stable one where only --image is new"
    )
    what.add_argument("--rollback", action="store_true", help="take the candidate back, or the last promotion")
    what.add_argument("--status", action="store_true", help="say what stands")
    parser.add_argument("--image", help="the candidate's server, where that is another one")
    parser.add_argument("--steps", type=_percents, default=(10, 50, 100), help="percent of the requests (default: 10,50,100)")
    parser.add_argument("--interval", type=float, default=60, help="seconds that each step is watched (default: %(default)s)")
    parser.add_argument("--max-error-rate", type=float, default=0.01, help="above stable's, 0..1 (default: %(default)s)")
    parser.add_argument("--max-p95-ratio", type=float, default=1.5, help="candidate's P95 to stable's (default: %(default)s)")
    parser.add_argument("--max-p95-ms", type=float, help="of the candidate, whatever stable's is")
    parser.add_argument("--min-requests", type=int, default=100, help="to each version in each step (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="say what it would do, preview the first step, change nothing")
    parser.add_argument("--json", metavar="FILE|-", help="write down what became of it; - moves everything else to standard error")
    options = parser.parse_args(given)
    if options.image and not options.model:
        parser.error("--image belongs to --model")
    if options.interval <= 0 or options.min_requests < 1:
        parser.error("--interval and --min-requests must be above 0")
    return options


def main() -> int:
    options = arguments()
    if options.json == "-":
        # What other programs print on the way must not stand in the JSON.
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
