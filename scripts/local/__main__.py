"""`python -m scripts.local up | down | pulumi ARGUMENTS`: the `local` stack on this machine. See `make help`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from typing import Any

from scripts import live_platform
from scripts.commands import ROOT, show
from scripts.errors import DriverError
from scripts.local import cluster as clusters
from scripts.local import orphans, overlays
from scripts.local.client import deployed
from scripts.local.engine import outputs, pulumi
from scripts.local.prediction import show_answers
from scripts.local.workspace import COMMITTED, STACK, configured, prepare
from scripts.preview.live import check
from scripts.stack_configuration import configuration
from scripts.stack_file import read
from stacks.config import ConfigError


def up(options: argparse.Namespace) -> None:
    """Bring up cluster and images, run `pulumi up`, and show one real answer of each model."""
    began = time.monotonic()
    added = [overlays.find(words) for words in options.overlay]
    given = overlays.laid_below(read(COMMITTED), added)
    cluster = clusters.start(_extras(given), given.get("models") or {})
    for name in options.without:
        overlays.drop(cluster.state, name)
    for overlay in added:
        overlays.keep(cluster.state, overlay)
    workspace = configured(cluster)
    check(STACK, workspace.config_file, workspace.environment, [live_platform.refusals])
    # The preview is skipped: `make preview` shows it, and `make up` says yes to it anyway.
    pulumi(workspace, ["up", "--yes", "--skip-preview", "--suppress-outputs"])
    show_answers(deployed(outputs(workspace), cluster, workspace), workspace.environment)
    print(f"\nmake up: ready in {time.monotonic() - began:.0f} s")


def _extras(given: dict[str, Any]) -> list[str]:
    """Return what the bench's node must have for these sections. Raises ConfigError where a section is none."""
    try:
        return overlays.bench_extras(given)
    except (AttributeError, TypeError, ValueError):
        configuration(STACK, given)  # says what is wrong with which key
        raise


def down(_: argparse.Namespace) -> None:
    """Remove the platform: the bench's whole node with its state, or, from the user's own cluster or backend, the stack's resources."""
    owned = bool(os.environ.get("KUBECONFIG"))
    if owned or os.environ.get("PULUMI_BACKEND_URL"):
        pulumi(prepare(clusters.running()), ["destroy", "--yes", "--skip-preview"])
    if not owned:
        orphans.end(ROOT)
        show([*clusters.BENCH, "down"], os.environ)


def run_pulumi(options: argparse.Namespace) -> None:
    """Run any `pulumi` command on the running stack: refresh, destroy, stack output ..."""
    pulumi(configured(clusters.running()), options.arguments)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    start = commands.add_parser("up", help="bring everything up; continues after an interruption")
    start.add_argument(
        "--with",
        dest="overlay",
        action="append",
        default=[],
        metavar="MODEL|FILE",
        help="also deploy a model's overlay, or any part of a stack file",
    )
    start.add_argument("--without", action="append", default=[], metavar="NAME", help="drop an overlay that an earlier `up` added")
    start.set_defaults(run=up)
    commands.add_parser("down", help="remove the platform, and the bench's node with it").set_defaults(run=down)
    anything = commands.add_parser("pulumi", help="run any pulumi command on the local stack, with this machine's tools and state")
    anything.add_argument("arguments", nargs=argparse.REMAINDER)
    anything.set_defaults(run=run_pulumi)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options.run(options)
    except (DriverError, ConfigError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted: the same command continues where this one stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
