"""`python -m bench.alignment`: raises the modules that several tools link to one version each, so that Go compiles them once.

Run it after a pin has moved; it edits `go.mod` and `go.sum` of the tools.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bench import go_program
from bench.build import go
from bench.tools import KNOWN, Tool

Versions = dict[str, str]
"""Path of a module → its version."""

AS_RELEASED = {
    *("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes"),
    *("keda", "karpenter", "kwok"),
    *("pause", "actionlint"),
}
"""Tools that keep the modules that upstream released them with: Pulumi's programs; those that link newer ones than Kubernetes; those that
share nothing."""
OLDER = ("kserve", "knative", "kourier")
"""Tools that compile only with an older Kubernetes' modules: they share those of the first."""

SHARED = (
    *("k8s.io/", "sigs.k8s.io/", "golang.org/x/", "google.golang.org/", "go.opentelemetry.io/", "go.yaml.in/"),
    *("github.com/go-openapi/", "github.com/fxamacker/", "github.com/go-logr/", "github.com/google/gnostic-models"),
    *("github.com/emicklei/go-restful/", "github.com/prometheus/", "github.com/spf13/"),
)
"""Prefixes of modules below Kubernetes' clients: another version of one of them compiles 20 MB of sources again."""
NOT_SHARED = ("golang.org/x/exp",)
"""Its versions promise no compatibility."""
NOT_SHARED_BY_OLDER = ("go.opentelemetry.io/", "google.golang.org/grpc", "google.golang.org/genproto", "sigs.k8s.io/gateway-api")
"""Kubernetes' clients link none of them, and Knative's controllers end at once beside a newer OpenTelemetry ("conflicting Schema URL")."""


def groups(versions: Mapping[str, Versions]) -> list[dict[str, Versions]]:
    """Return the tools of `versions`, with the modules that each links, by the groups that share them. The first tool of a group leads."""
    older = {name: _without(versions[name], NOT_SHARED_BY_OLDER) for name in OLDER}
    others = [name for name in versions if name not in {"kubernetes", *OLDER}]
    return [{name: versions[name] for name in ("kubernetes", *others)}, older]


def _without(modules: Versions, prefixes: tuple[str, ...]) -> Versions:
    return {module: version for module, version in modules.items() if not module.startswith(prefixes)}


def aligned(versions: Mapping[str, Versions]) -> dict[str, Versions]:
    """Return the modules that each tool of a group must raise. Kubernetes' own modules stay at the release that the first tool links."""
    leader = next(iter(versions.values()))
    release = leader["k8s.io/api"]
    newest = {
        module: version if version == release else max((each.get(module, version) for each in versions.values()), key=_order)
        for module, version in leader.items()
        if module.startswith(SHARED) and module not in NOT_SHARED
    }
    return {
        tool: {
            module: newest[module] for module, version in linked.items() if module in newest and _order(newest[module]) > _order(version)
        }
        for tool, linked in versions.items()
    }


def _order(version: str) -> tuple[list[int], bool, str]:
    """Go's order of versions: v1.2.3-0.2026… comes before v1.2.3."""
    release, _, early = version.partition("-")
    return [int(number) for number in re.findall(r"\d+", release)], not early, early


def linked(tool: Tool) -> Versions:
    """The modules that a tool links; downloads what is missing."""
    form = "{{with .Module}}{{.Path}} {{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}}{{end}}"
    lines = go(tool, ["list", "-mod=mod", "-deps", "-f", form, *tool.flags, *tool.binaries.values()])
    return dict(words for line in set(lines.splitlines()) if len(words := line.split()) == 2)


def main() -> None:
    go_program.ensure()
    tools = {name: tool for name, tool in KNOWN.items() if name not in AS_RELEASED}
    while raised := _to_raise({name: linked(tool) for name, tool in tools.items()}):
        for name, modules in raised.items():
            print(f"{name}: {', '.join(f'{module} {version}' for module, version in sorted(modules.items()))}")
            go(tools[name], ["mod", "edit", *(f"-require={module}@{version}" for module, version in modules.items())])


def _to_raise(versions: Mapping[str, Versions]) -> dict[str, Versions]:
    return {name: modules for group in groups(versions) for name, modules in aligned(group).items() if modules}


if __name__ == "__main__":
    main()
