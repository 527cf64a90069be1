"""Policies through the interface by which Pulumi's engine asks them: protos in, diagnostics out, no CLI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.analyzer import SettingsOf, policies
from policies.conversion import convert_once
from policies.rules.catalogue import RULES
from policies.rules.resource import Resource
from policies.rules.rule import Rule, StackRule
from policies.settings import for_urn

OWN_REGISTRY = {"image-registry": {"registries": ["registry.example/"]}}
"""`--policy-pack-config` for where the images of tests/stack_files.py are."""

convert_once()  # as the pack does

UNKNOWN = UNKNOWN_STRING_VALUE
"""A value that a preview does not know, in the engine's encoding."""


@dataclass(frozen=True)
class Registered:
    """A resource as a program registers it."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    protect: bool = False


@dataclass(frozen=True)
class Finding:
    """One diagnostic that blocks. `urn` is empty where the engine itself knows the resource it asked about."""

    rule: str
    message: str
    urn: str = field(default="", compare=False)


def secret(value: object) -> dict[str, object]:
    """A secret, in the engine's encoding."""
    return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}


def findings(
    resources: Iterable[Registered],
    stack: str = "prod",
    rules: Sequence[Rule | StackRule] = RULES,
    settings_of: SettingsOf = for_urn,
    configuration: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Finding]:
    """The blocking diagnostics of the resources one by one, then of all together. A diagnostic that does not block fails.

    All together come without properties: that is how the engine sends them in a first preview.
    """
    servicer = _PolicyAnalyzerServicer("test", "0.0.1", policies(rules, settings_of), EnforcementLevel.MANDATORY)
    servicer.Configure(_configured(configuration or {}), None)  # type: ignore[no-untyped-call]
    asked, answers = list(resources), []
    for resource in asked:
        request = analyzer_pb2.AnalyzeRequest(**_fields(resource, stack))
        answers.append(servicer.Analyze(request, None))  # type: ignore[no-untyped-call]
    together = [analyzer_pb2.AnalyzerResource(**{**_fields(resource, stack), "properties": struct_pb2.Struct()}) for resource in asked]
    answers.append(servicer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=together), None))  # type: ignore[no-untyped-call]
    diagnostics = [diagnostic for answer in answers for diagnostic in answer.diagnostics]
    weak = [diagnostic.message for diagnostic in diagnostics if diagnostic.enforcementLevel != analyzer_pb2.MANDATORY]
    assert not weak, f"these would not block: {weak}"
    return [Finding(diagnostic.policyName, diagnostic.message, diagnostic.urn) for diagnostic in diagnostics]


def read(resource: Registered) -> Resource:
    """The resource in the form that a rule reads."""
    return Resource(resource.type, resource.name, resource.inputs, resource.protect)


def _configured(configuration: Mapping[str, Mapping[str, Any]]) -> analyzer_pb2.ConfigureAnalyzerRequest:
    """`--policy-pack-config`, by rule, as the engine hands it on."""
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for rule, values in configuration.items():
        request.policyConfig[rule].enforcementLevel = analyzer_pb2.MANDATORY
        request.policyConfig[rule].properties.update(values)
    return request


def _fields(resource: Registered, stack: str) -> dict[str, Any]:
    properties = struct_pb2.Struct()
    properties.update(dict(resource.inputs))
    return {
        "type": resource.type,
        "name": resource.name,
        "urn": f"urn:pulumi:{stack}::inference-platform::{resource.type}::{resource.name}",
        "properties": properties,
        "options": analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect),
    }
