"""`python -m scripts.cloud deploy | doctor STACK`: the stacks on AWS. See `make help`."""

from __future__ import annotations

import argparse
import sys

from scripts.cloud.deploy import deploy
from scripts.cloud.doctor import examine, report
from scripts.errors import DriverError
from scripts.stack_configuration import configuration
from scripts.stack_file import read, stack_file
from stacks.config import ConfigError


def doctor(options: argparse.Namespace) -> int:
    file = stack_file(options.stack)
    return report(examine(configuration(options.stack, read(file)), file))


def deploy_stack(options: argparse.Namespace) -> int:
    stack_file(options.stack)
    deploy(options.stack, options.arguments)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.cloud", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser(
        "doctor", help="check account, quotas, state backend and keys, and show how to fix each problem; changes nothing"
    )
    check.add_argument("stack", metavar="STACK")
    check.set_defaults(run=doctor)
    put = commands.add_parser("deploy", help="`pulumi up` without questions, for a workflow")
    put.add_argument("stack", metavar="STACK")
    put.add_argument("arguments", metavar="...", nargs=argparse.REMAINDER, help="options of `pulumi up`")
    put.set_defaults(run=deploy_stack)
    options = parser.parse_args()
    try:
        status: int = options.run(options)
    except (DriverError, ConfigError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
