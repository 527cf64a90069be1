"""`python -m bench`: one Kubernetes node, its tools and its mirror, built from package registries alone."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from bench import proxies
from bench.errors import BenchError
from bench.paths import INSTANCES, Instance

if TYPE_CHECKING:
    from bench.early_images import OwnImage
    from bench.extras import Wanted

# Each command imports its modules when it runs, so that `--help` and `env` do not wait for the node's libraries.

INTERRUPTED = 130
"""Exit code of a program that was stopped with Ctrl-C, by shell convention."""


def doctor(args: argparse.Namespace) -> int:
    from bench import doctor as checks

    findings = checks.examine(_instance(args))
    print(checks.table(findings))
    return 1 if any(finding.missing for finding in findings) else 0


def build(args: argparse.Namespace) -> int:
    from bench import aws_models, clients

    if args.clients:
        clients.ensure()
        return 0
    _build_node(_wanted(args), args.image)
    aws_models.ensure()
    return 0


def up(args: argparse.Namespace) -> int:
    from bench import doctor as checks
    from bench.node import lifecycle

    instance = _instance(args)
    checks.require(instance)
    wanted = _wanted(args)
    _build_node(wanted, args.image)
    lifecycle.up(instance, wanted)
    return 0


def status(args: argparse.Namespace) -> int:
    from bench.node import lifecycle

    return lifecycle.status(_instance(args))


def logs(args: argparse.Namespace) -> int:
    from bench.node import lifecycle

    lifecycle.logs(_instance(args), args.name)
    return 0


def down(args: argparse.Namespace) -> int:
    from bench.node import lifecycle

    lifecycle.down(_instance(args))
    return 0


def image(args: argparse.Namespace) -> int:
    from bench import images

    print(images.build_context(args.context, args.name, target=args.target, build_args=dict(args.build_arg)))
    return 0


def cache_push(args: argparse.Namespace) -> int:
    from bench import cache_archive

    print(f"{args.file}#sha256={cache_archive.push(args.file)}")
    return 0


def cache_pull(args: argparse.Namespace) -> int:
    from bench import cache_archive

    cache_archive.pull(args.source)
    return 0


def env(args: argparse.Namespace) -> int:
    from bench import environment

    print(json.dumps(environment.describe(_instance(args)), indent=2))
    return 0


def kubectl(args: argparse.Namespace) -> int:
    """Run kubectl on the node. Its kubeconfig stays out of the caller's shell, where KUBECONFIG names the user's own cluster."""
    from bench.tools import binary

    instance = _instance(args)
    if not instance.kubeconfig.is_file():
        raise BenchError("the node does not run; start it: python -m bench up")
    program = str(binary("kubectl"))
    os.execv(program, [program, f"--kubeconfig={instance.kubeconfig}", *args.arguments])  # noqa: S606 (no shell)


def _wanted(args: argparse.Namespace) -> Wanted:
    from bench import extras

    return extras.read(_instance(args)).with_words(args.extras)


def _build_node(wanted: Wanted, own: Sequence[OwnImage]) -> None:
    from bench import build as tools
    from bench import charts, early_images, images, manifests, mirror, registry

    if tools.missing(wanted.tools):
        tools.ensure([registry.PROGRAM])
        early_images.start(wanted.images, own)
    tools.ensure(wanted.tools)
    images.ensure(wanted.images)
    mirror.ensure([*charts.TABLE, *manifests.TABLE, *wanted.manifests])


def _instance(args: argparse.Namespace) -> Instance:
    try:
        return Instance(args.instance)
    except ValueError as error:
        raise BenchError(str(error)) from None


def _key_value(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not key or not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def _own_image(text: str) -> OwnImage:
    from bench.early_images import OwnImage

    name, _, place = text.partition("=")
    folder, _, target = place.rpartition(":")
    if not (name and folder and target):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FOLDER:STAGE")
    return OwnImage(name, folder, target)


def parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    """The command line. `--instance` wins over BENCH_INSTANCE, which wins over `default`."""
    instance = argparse.ArgumentParser(add_help=False)
    instance.add_argument(
        "--instance",
        default=environ.get("BENCH_INSTANCE") or INSTANCES[0],
        metavar="NAME",
        help=f"which node: {' or '.join(INSTANCES)} (or BENCH_INSTANCE; default: {INSTANCES[0]})",
    )
    top = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, parents=[instance], help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    command("doctor", doctor, "check this machine's requirements for a node, and show the command that fixes each problem")
    make = command("build", build, "build the tools, images, mirror and AWS service models that are not cached yet")
    make.add_argument(
        "--clients", action="store_true", help="build only the tools that this machine lacks to preview a stack; needs no root"
    )
    start = command("up", up, "start the node and build what is missing; does nothing if the node already runs")
    for each in (make, start):
        each.add_argument(
            "--with",
            dest="extras",
            action="append",
            default=[],
            metavar="NAME",
            help="optional part of the node: keda, monitoring, vllm or gpus=NUMBER; kept until `down`; may be given more than once",
        )
        each.add_argument(
            "--image",
            type=_own_image,
            action="append",
            default=[],
            metavar="NAME=FOLDER:STAGE",
            help="while tools are built, also build this image, which the command `image` takes from the cache then",
        )
    command("status", status, "show the node's processes and their health")
    command("logs", logs, "show the log of one process of the node").add_argument("name", metavar="NAME", help="a name that `status` lists")
    command("down", down, "stop the node and remove everything it created on this machine, including its data")
    command("cache-push", cache_push, "write the cache to a file for other machines, and print its name with its SHA-256").add_argument(
        "file", type=Path, metavar="FILE", help="such as cache.tar.gz"
    )
    command("cache-pull", cache_pull, "take from such a file what the cache lacks, so that it is not built here").add_argument(
        "source", metavar="SOURCE", help="a file or URL; with #sha256=DIGEST, nothing of another file is taken"
    )
    command("env", env, "print the node's connection data as JSON: kubeconfig, PATH, charts, manifests, images, extras")
    run = command("kubectl", kubectl, "run kubectl on the node, as in `python -m bench kubectl get pods`")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENTS")
    img = command("image", image, "build a folder with a Containerfile, push the image to the node's registry and print its reference")
    img.add_argument("context", type=Path, metavar="CONTEXT", help="folder with a Containerfile or Dockerfile")
    img.add_argument("name", metavar="NAME", help="image name; the reference is bench.local/NAME:<content hash>")
    img.add_argument("--target", metavar="STAGE", help="stage to build (default: the last one)")
    img.add_argument("--build-arg", type=_key_value, action="append", default=[], metavar="KEY=VALUE", help="may be given more than once")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser(os.environ).parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        os.environ.update(proxies.exceptions(_instance(args), os.environ))
        run: Callable[[argparse.Namespace], int] = args.run
        return run(args)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; run the same command again to continue from here", file=sys.stderr)
        return INTERRUPTED


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the program like Ctrl-C, so that child processes and temporary files are removed too."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
