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
"""Path of a module → its version; `v1.2.3=>v1.1.0` where go.mod replaces the one that it requires. Go's cache tells these apart."""

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
    *(
        "go.etcd.io/etcd/",
        "go.uber.org/zap",
        "cel.dev/expr",
        "github.com/google/cel-go",
        "github.com/antlr4-go/",
        "github.com/gogo/protobuf",
    ),
    *("github.com/envoyproxy/", "github.com/cncf/xds/", "github.com/minio/", "github.com/tinylib/msgp"),
)
"""Prefixes of modules with large packages, or below such: another version of one of them compiles up to 20 MB of sources again."""
NOT_SHARED = ("golang.org/x/exp", "github.com/prometheus/prometheus", "github.com/prometheus/alertmanager")
"""Their versions promise no compatibility."""
NOT_SHARED_BY_OLDER = (
    *("go.opentelemetry.io/", "google.golang.org/grpc", "google.golang.org/genproto", "sigs.k8s.io/gateway-api"),
    *("github.com/envoyproxy/", "github.com/cncf/xds/"),
)
"""Kubernetes' clients link none of them, and Knative's controllers end at once beside a newer OpenTelemetry ("conflicting Schema URL")."""
REPLACED = re.compile(r"^replace (\([^)]*\)|.*)", re.MULTILINE)
BY_ANOTHER_VERSION = re.compile(r"^(?:replace)?\s*(\S+) => \1 (v\S+)", re.MULTILINE)
REQUIRED = re.compile(r"^(?:require )?\s*(\S+/\S+) (v\S+)", re.MULTILINE)


def groups(versions: Mapping[str, Versions]) -> list[dict[str, Versions]]:
    """Return the tools with the modules that each requires, by the groups that share them. The first tool of a group leads."""
    older = {name: _without(versions[name], NOT_SHARED_BY_OLDER) for name in OLDER}
    others = [name for name in versions if name not in {"kubernetes", *OLDER}]
    return [{name: versions[name] for name in ("kubernetes", *others)}, older]


def _without(modules: Versions, prefixes: tuple[str, ...]) -> Versions:
    return {module: version for module, version in modules.items() if not module.startswith(prefixes)}


def aligned(versions: Mapping[str, Versions]) -> dict[str, Versions]:
    """Return the modules that each tool of a group must raise. Kubernetes' own modules stay at the release that the first tool links."""
    leader = next(iter(versions.values()))
    release = leader["k8s.io/api"]
    shared = {module for modules in versions.values() for module in modules if module.startswith(SHARED) and module not in NOT_SHARED}
    newest = {module: max((modules[module] for modules in versions.values() if module in modules), key=_order) for module in shared}
    newest |= {module: version for module, version in leader.items() if version == release}
    return {
        tool: {
            module: newest[module] for module, version in pinned.items() if module in newest and _order(newest[module]) > _order(version)
        }
        for tool, pinned in versions.items()
    }


def _order(version: str) -> tuple[list[int], bool, str, str]:
    """Go's order of versions: v1.2.3-0.2026… comes before v1.2.3, and a version that is replaced after the same one that is not."""
    required, _, replacement = version.partition("=>")
    release, _, early = required.partition("-")
    return [int(number) for number in re.findall(r"\d+", release)], not early, early, replacement


def required(tool: Tool) -> Versions:
    """The modules that a tool's go.mod requires: all that it links, and some more."""
    text = (tool.folder / "go.mod").read_text()
    replaced = dict(BY_ANOTHER_VERSION.findall(text))
    return {module: version_of(version, replaced.get(module, version)) for module, version in REQUIRED.findall(REPLACED.sub("", text))}


def version_of(required: str, used: str) -> str:
    """Return the version as `Versions` has it."""
    return required if required == used else f"{required}=>{used}"


def main() -> None:
    go_program.ensure()
    tools = {name: tool for name, tool in KNOWN.items() if name not in AS_RELEASED}
    while raised := _to_raise({name: required(tool) for name, tool in tools.items()}):
        for name, modules in raised.items():
            print(f"{name}: {', '.join(f'{module} {version}' for module, version in sorted(modules.items()))}")
            tool, edits = tools[name], [edit for module, version in modules.items() for edit in _edits(module, version)]
            go(tool, ["mod", "edit", *edits])
            go(tool, ["list", "-mod=mod", "-deps", *tool.flags, *tool.binaries.values()])  # downloads them, and writes what they require


def _edits(module: str, version: str) -> list[str]:
    required, _, replacement = version.partition("=>")
    require = f"-require={module}@{required}"
    return [require, f"-replace={module}={module}@{replacement}"] if replacement else [require]


def _to_raise(versions: Mapping[str, Versions]) -> dict[str, Versions]:
    return {name: modules for group in groups(versions) for name, modules in aligned(group).items() if modules}


if __name__ == "__main__":
    main()
