"""Entry point of `pulumi-resource-kubernetes`."""

from __future__ import annotations

from importlib.metadata import version

from bench.plugins.kubernetes.provider import KubernetesProvider
from bench.plugins.servicer import serve


def main() -> None:
    # The engine asks for the plugin of the SDK's version, and this plugin replaces exactly that one.
    serve(KubernetesProvider(), version("pulumi-kubernetes"))
