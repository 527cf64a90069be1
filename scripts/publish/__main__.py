"""Publishes a file or a folder to the model store of a stack: `make publish FILE=model.pt TO=s3://models/iris/model.pt STACK=local`.

A published key is never overwritten. Each file is read back from the store and compared by its sha256. Killed or interrupted, the same
command continues. Exits 0 when the store holds every file, 2 when it does not, 130 when it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.errors import DriverError
from scripts.publish import client
from scripts.publish.plan import address, planned
from scripts.publish.progress import Progress
from scripts.publish.store import opened, stack_configuration
from scripts.publish.upload import publish
from stacks.config import ConfigError


def execute(stack: str, path: Path, to: str, progress: Progress) -> None:
    """Raises DriverError or ConfigError with what is wrong."""
    target = address(to)
    config = stack_configuration(stack)
    bucket = config.model_store.bucket
    if target.bucket != bucket:
        raise DriverError(f"TO={to}: bucket {target.bucket} is not the model store of stack {stack}; write s3://{bucket}/{target.key}")
    plan = planned(path, target)
    with opened(stack, config) as store:
        try:
            publish(store, plan, progress)
        except client.failures() as error:
            raise DriverError(f"the model store of stack {stack}: {_one_line(error)}. The same command continues") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.publish", description=__doc__)
    parser.add_argument("--stack", required=True, help="local, dev, prod ...")
    parser.add_argument("--file", required=True, type=Path, help="a file, or a folder: every file below it gets a key below TO")
    parser.add_argument("--to", required=True, metavar="S3", help="s3://<bucket>/<key>; a file goes into TO where that ends with /")
    return parser.parse_args(given)


def main() -> int:
    options = arguments()
    progress = Progress(sys.stdout)
    try:
        execute(options.stack, options.file, options.to, progress)
    except (DriverError, ConfigError, OSError) as error:
        progress.clear()
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        progress.clear()
        print("\ninterrupted: the same command continues", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
