"""Entry point of `pulumi-resource-random`."""

from __future__ import annotations

from importlib.metadata import version

from bench.plugins.random.provider import RandomProvider
from bench.plugins.servicer import serve


def main() -> None:
    serve(RandomProvider(), version("pulumi-random"))
