"""The plan of a preview, read from the engine's event log, which `pulumi preview --event-log` writes line by line.

The events are Pulumi's public `apitype.EngineEvent`; the Automation API reads the same log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from components.base import PROJECT
from stacks.supply import ADVISED, NEEDED

Operation = Literal["create", "update", "replace", "delete"]

OPERATIONS: Mapping[str, Operation] = {
    "create": "create",
    "import": "create",
    "update": "update",
    "delete": "delete",
    # A replacement is planned as three steps of one resource.
    "create-replacement": "replace",
    "replace": "replace",
    "delete-replaced": "replace",
    "import-replacement": "replace",
}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The events' marker for a value that is unknown before an `up` (pulumi: sdk/go/common/resource/plugin/rpc.go)."""

UNREACHABLE = "configured Kubernetes cluster is unreachable"
"""Message of the kubernetes provider (pulumi-kubernetes: provider/pkg/provider/provider.go)."""

SIMULATED = "aws is simulated by the bench"
STACK = "the stack itself"


class Cluster(Enum):
    """Participation of the API server in the preview."""

    ASKED = "asked"
    NOT_YET = "not yet"
    UNREACHABLE = "unreachable"


def name_of(urn: str) -> str:
    """`urn:pulumi:<stack>::<project>::<types of the owners>$<type>::<name>`."""
    return urn.split("::", 3)[3]


def type_of(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


@dataclass(frozen=True)
class Change:
    """`paths`: differing properties of an update or a replacement. `protected`: Pulumi refuses to delete it, according to the state."""

    operation: Operation
    urn: str
    protected: bool = False
    paths: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return name_of(self.urn)

    @property
    def type(self) -> str:
        return type_of(self.urn)

    @property
    def component(self) -> str:
        """The outermost component that owns the resource, such as `aws EksCluster`."""
        project, _, owner = self.urn.split("::")[2].partition("$")[0].partition(":")
        return owner.replace(":", " ") if project == PROJECT else STACK


@dataclass(frozen=True)
class Violation:
    """A policy's message about one resource, or about the whole stack if there is none."""

    policy: str
    mandatory: bool
    message: str
    resource: str = ""


@dataclass(frozen=True)
class Plan:
    """`errors`: reasons of a failed preview, in Pulumi's words. `complete`: the preview reached its end. `packs`: policy packs that ran.

    `needs`: what the program says that an `up` needs first, one line each, or is better with; with a headline before each of the two.
    `inputs`: of every resource that stays or comes, by its URN; an unknown value in it is `UNKNOWN`.
    """

    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    violations: tuple[Violation, ...] = ()
    errors: tuple[str, ...] = ()
    cluster: Cluster = Cluster.ASKED
    simulated: bool = False
    complete: bool = True
    packs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, *operations: Operation) -> list[Change]:
        return [change for change in self.changes if change.operation in operations]


def read(log: Path) -> Plan:
    """The plan of a preview; without a log, the plan of a preview that ended before it began."""
    if not log.exists():
        return Plan(complete=False)
    return plan(json.loads(line) for line in log.read_text().splitlines())


def plan(events: Iterable[Mapping[str, Any]]) -> Plan:
    steps: dict[str, list[Mapping[str, Any]]] = {}
    diagnostics: list[Mapping[str, Any]] = []
    violations: list[Violation] = []
    ended: Mapping[str, Any] | None = None
    for event in events:
        if step := event.get("resourcePreEvent"):
            if "::pulumi:providers:" in step["metadata"]["urn"] and "::default_" in step["metadata"]["urn"]:
                continue  # Pulumi creates these itself and does not count them either
            steps.setdefault(step["metadata"]["urn"], []).append(step["metadata"])
        elif diagnostic := event.get("diagnosticEvent"):
            diagnostics.append(diagnostic)
        elif violation := event.get("policyEvent"):
            violations.append(_violation(violation))
        elif "summaryEvent" in event:
            ended = event["summaryEvent"]
    said = [diagnostic["message"] for diagnostic in diagnostics]
    errors = [diagnostic["message"].strip() for diagnostic in diagnostics if diagnostic["severity"] == "error"]
    return Plan(
        tuple(change for urn, found in steps.items() if (change := _change(urn, found))),
        sum(all(step["op"] == "same" for step in found) for found in steps.values()),
        tuple(dict.fromkeys(violations)),
        tuple(dict.fromkeys(errors)),
        _cluster(said, steps.values()),
        any(SIMULATED in message for message in said),
        ended is not None and not errors,
        tuple(sorted((ended or {}).get("PolicyPacks") or {})),
        tuple(line for message in said if message.startswith((NEEDED, ADVISED)) for line in message.rstrip().splitlines()),
        {urn: found[-1]["new"].get("inputs") or {} for urn, found in steps.items() if found[-1].get("new")},
    )


def _change(urn: str, steps: Iterable[Mapping[str, Any]]) -> Change | None:
    steps = [step for step in steps if step["op"] in OPERATIONS]
    if not steps:
        return None
    protected = any((step.get("old") or {}).get("protect") for step in steps)
    paths = sorted({path for step in steps for path in step.get("detailedDiff") or step.get("diffs") or () if path != "__internal"})
    return Change(OPERATIONS[steps[0]["op"]], urn, protected, tuple(paths))


def _violation(event: Mapping[str, Any]) -> Violation:
    urn = event.get("resourceUrn") or ""
    name = "" if "::pulumi:pulumi:Stack::" in urn else urn.rpartition("::")[2]
    return Violation(event["policyName"], event["enforcementLevel"] == "mandatory", event["message"].strip(), name)


def _cluster(said: Iterable[str], steps: Iterable[Iterable[Mapping[str, Any]]]) -> Cluster:
    if any(UNREACHABLE in message for message in said):
        return Cluster.UNREACHABLE
    providers = [step for found in steps for step in found if step["type"] == "pulumi:providers:kubernetes" and step.get("new")]
    unknown = any(provider["new"]["inputs"].get("kubeconfig") == UNKNOWN for provider in providers)
    return Cluster.NOT_YET if unknown else Cluster.ASKED
