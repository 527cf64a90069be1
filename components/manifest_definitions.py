"""Removes the descriptions from the schemas of CustomResourceDefinitions."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

NAMED = ("properties", "patternProperties", "definitions")
"""Keys that map names to schemas; a field below them may be called `description`."""

LISTED = ("allOf", "anyOf", "oneOf")


def terse(definition: Schema) -> Schema:
    """The definition without the texts that only `kubectl explain` shows, seven tenths of Envoy Gateway's and Gateway API's CRDs.

    Pulumi keeps every object twice in the state and writes the state after every step: with these texts, an `up` of `local`
    spent more time on the state than on the cluster.
    """
    versions = [
        {**version, "schema": {"openAPIV3Schema": _terse(version["schema"]["openAPIV3Schema"])}} for version in _versions(definition)
    ]
    return {**definition, "spec": {**definition["spec"], "versions": versions}} if versions else definition


def _versions(definition: Schema) -> list[Schema]:
    found: list[Schema] = definition.get("spec", {}).get("versions", [])
    return found if all("openAPIV3Schema" in version.get("schema", {}) for version in found) else []


def _terse(schema: Any) -> Any:  # noqa: ANN401 - a schema, a list of them, or true
    if isinstance(schema, list):
        return [_terse(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _below(key, value) for key, value in schema.items() if key != "description"}


def _below(key: str, value: Any) -> Any:  # noqa: ANN401 - any value of a schema's key
    if key in NAMED:
        return {name: _terse(schema) for name, schema in value.items()}
    return _terse(value) if key in (*LISTED, "items", "additionalProperties", "not") else value
