"""Turns rules into policies of Pulumi's analyzer. Every rule is mandatory, and reading an unknown value is itself a violation.

Pulumi alone reports an unknown value as an advisory, which blocks nothing (pulumi-policy:policy.py@1.21.0, Analyze).

For a rule over the whole stack, the engine sends outputs. A provider that is not configured yet, such as the cluster's in a first preview,
has none (pulumi:sdk/go/common/resource/plugin/provider_plugin.go, Create). So the analyzer keeps the inputs and reads those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import Severity as PulumiSeverity
from pulumi_policy.proxy import UnknownValueError

from policies.rules.resource import UNKNOWN, Resource, Unknown
from policies.rules.rule import Rule, StackRule, of_types
from policies.settings import Settings, for_urn

SettingsOf = Callable[[str], Settings]
"""Settings for the stack of a URN."""
Inputs = dict[str, dict[str, Any]]
"""Inputs by URN, since the engine started the pack."""


def policies(rules: Sequence[Rule | StackRule], settings_of: SettingsOf = for_urn) -> list[Policy]:
    """One policy for each rule, under the rule's name."""
    seen: Inputs = {}
    checks = [_stack_policy(rule, settings_of, seen) if isinstance(rule, StackRule) else _policy(rule, settings_of) for rule in rules]
    return [_recorder(seen), *checks]


def _recorder(seen: Inputs) -> Policy:
    def validate(args: ResourceValidationArgs, _report: ReportViolation) -> None:
        seen[args.urn] = _plain_object(args.props)

    return ResourceValidationPolicy(
        name="inputs-kept", description="Keeps the inputs for the rules over the whole stack", validate=validate
    )


def _policy(rule: Rule, settings_of: SettingsOf) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if not of_types(rule.types, args.resource_type):
            return
        resource = _resource(args.resource_type, args.name, args.props, args.opts.protect, args.urn)
        settings = _extended(settings_of(args.urn), rule, args.get_config())
        try:
            if rule.matches(resource, settings):
                for message in rule.check(resource, settings):
                    report(f"{resource.kind} {resource.name}: {message}\nFix: {rule.fix}", None)
        except Unknown as unknown:
            report(f"{resource.kind} {resource.name}: could not evaluate: {unknown}\n{_LET_IT_BE_KNOWN}", None)

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.title,
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
        config_schema=PolicyConfigSchema(properties={key: {"type": "array", "items": {"type": "string"}} for key in rule.extensible}),
        **_words(rule),
    )


def _extended(settings: Settings, rule: Rule, configuration: Mapping[str, Any]) -> Settings:
    changes: dict[str, Any] = {key: (*getattr(settings, key), *configuration.get(key, [])) for key in rule.extensible}
    return replace(settings, **changes)


def _stack_policy(rule: StackRule, settings_of: SettingsOf, seen: Inputs) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        if not args.resources:
            return
        settings = settings_of(args.resources[0].urn)
        relevant = [
            _resource(each.resource_type, each.name, seen.get(each.urn, each.props), each.opts.protect, each.urn)
            for each in args.resources
            if of_types(rule.types, each.resource_type)
        ]
        try:
            for message, resource in rule.check(relevant, settings):
                subject = f"{resource.kind} {resource.name}" if resource else f"stack {settings.environment}"
                report(f"{subject}: {message}\nFix: {rule.fix}", resource.urn if resource else None)
        except Unknown as unknown:
            report(f"could not evaluate: {unknown}\n{_LET_IT_BE_KNOWN}", None)

    return StackValidationPolicy(
        name=rule.name, description=rule.title, validate=validate, enforcement_level=EnforcementLevel.MANDATORY, **_words(rule)
    )


_LET_IT_BE_KNOWN = "Fix: let the program compute this value itself instead of reading it from another resource's output."


def _words(rule: Rule | StackRule) -> dict[str, Any]:
    return {"severity": PulumiSeverity(rule.severity), "remediation_steps": rule.fix, "url": rule.reference}


def _resource(type_token: str, name: str, props: Mapping[str, Any], protect: bool, urn: str) -> Resource:
    return Resource(type=type_token, name=name, properties=_plain_object(props), protect=protect, urn=urn)


def _plain_object(proxy: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _read(proxy, key) for key in proxy}


def _read(proxy: Mapping[str, Any] | Sequence[Any], key: Any) -> Any:  # noqa: ANN401 - a property of a resource of any type
    """Pulumi's proxies raise as soon as an unknown value is read; this returns a marker that raises when a rule reads it."""
    try:
        value = proxy[key]
    except UnknownValueError:
        return UNKNOWN
    if isinstance(value, Mapping):
        return _plain_object(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_read(value, position) for position in range(len(value))]
    return value
