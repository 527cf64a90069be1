"""`python -m scripts.preview [--summary] STACK ARGUMENTS`: see `make preview`. None needs the bench's node to run."""

from __future__ import annotations

import argparse
import sys

from scripts.cloud.preview import preview as preview_of_cloud
from scripts.errors import DriverError
from scripts.local.preview import preview as preview_of_local
from scripts.local.workspace import STACK as LOCAL
from scripts.stack_file import read, stack_file


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.preview", description=__doc__)
    parser.add_argument("--summary", action="store_true", help="print only the summary; before STACK")
    parser.add_argument("stack", metavar="STACK")
    parser.add_argument("arguments", metavar="...", nargs=argparse.REMAINDER, help="options of `pulumi preview`, such as --diff")
    options = parser.parse_args()
    try:
        read(stack_file(options.stack))
        if options.stack == LOCAL:
            preview_of_local(options.arguments, options.summary)
        else:
            preview_of_cloud(options.stack, options.arguments, options.summary)
    except DriverError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
