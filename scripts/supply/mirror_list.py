"""`make mirror-list STACK=prod`: prints every third-party artifact that a stack downloads, one per line, for a copy tool.

Tab-separated: kind, address, its name in a registry (`mirror.registry`), its digest or `digest-unknown`. To fill one:

    make -s mirror-list STACK=prod | while IFS=$'\\t' read -r kind from to digest; do
      case $kind in
        image)    crane copy "$from" "$REGISTRY/$to" ;;
        chart)    crane copy "$from" "$REGISTRY/$to" ;;     # an archive at https://: helm push
        manifest) curl -fsSLo m.yaml "$from" && oras push "$REGISTRY/$to" m.yaml ;;
      esac
    done

The program builds the stack's graph without an engine, a cluster or an account; the list has the artifacts that it requests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks

from components.artifacts import OCI, Artifact
from components.base import PROJECT
from components.manifest_source import ManifestError, UnreachableError
from scripts.commands import answer
from scripts.errors import DriverError
from scripts.local.cluster import BENCH
from scripts.stack_file import read, stack_file, with_keys
from stacks import cloud, models, platform
from stacks.config import ConfigError, parse

Values = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.supply.mirror_list", description=__doc__.partition("\n")[0])
    parser.add_argument("stack", metavar="STACK")
    parser.add_argument("--manifests", metavar="FOLDER", help="folder to read release manifests from if their addresses cannot be reached")
    options = parser.parse_args()
    try:
        values = configuration(options.stack)
        found = artifacts(_reading(values, options.manifests), options.stack) if options.manifests else downloaded(values, options.stack)
    except (ConfigError, DriverError, ManifestError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for line in lines(found):
        print(line)
    return 0


def downloaded(values: Values, stack: str) -> list[Artifact]:
    """The artifacts according to the release manifests at their addresses or, where those cannot be reached, to the bench's own mirror."""
    try:
        return artifacts(values, stack)
    except UnreachableError as error:
        at_hand = bench_manifests()
        if at_hand is None:
            raise
        print(f"{error}\nreading the bench's own copies in {at_hand}; they name images by tag", file=sys.stderr)
        return artifacts(_reading(values, at_hand), stack)


def bench_manifests() -> str | None:
    """The folder of the release manifests that the bench made for its node; None if it has made none."""
    try:
        folder: str = json.loads(answer([*BENCH, "env"], os.environ))["manifests"]
    except DriverError:
        return None
    return folder if any(Path(folder).glob("*.yaml")) else None


def _reading(values: Values, manifests: str) -> Values:
    return {**values, "mirror": with_keys(values.get("mirror"), {"manifests": manifests})}


def configuration(stack: str) -> Values:
    """Return the program's keys of the stack file. The word `secret` replaces each secret."""
    return {key: _readable(value) for key, value in read(stack_file(stack)).items()}


def artifacts(values: Values, stack: str) -> list[Artifact]:
    """Artifacts that this configuration downloads. Raises ConfigError and ManifestError."""
    config = parse(values, stack)
    # Python 3.14 and newer create no event loop by themselves.
    asyncio.set_event_loop(asyncio.new_event_loop())
    # Answers of a real cluster or account stay unknown, as in a preview.
    mocks.set_mocks(_Unknown(), project=PROJECT, stack=stack, preview=True)
    asked: list[Artifact] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        cluster = cloud.build(config)
        parts = platform.build(config, cluster)
        models.build(config, cluster, parts)
        asked.extend(parts.mirror.artifacts)

    program()
    return asked


def lines(found: Iterable[Artifact]) -> list[str]:
    return ["\t".join((each.kind, _source(each), each.mirrored, each.digest or "digest-unknown")) for each in found]


def _source(artifact: Artifact) -> str:
    """Address by digest if it is known, so that a moved tag cannot enter the mirror."""
    address = artifact.address.removeprefix(OCI)
    in_registry = "://" not in address and "@" not in address
    return f"{address}@{artifact.digest}" if artifact.digest and in_registry else address


class _Unknown(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program calls {args.token}, but it must not look anything up")


def _readable(value: object) -> object:
    if isinstance(value, dict):
        return "secret" if value.keys() == {"secure"} else {key: _readable(each) for key, each in value.items()}
    return [_readable(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
