"""Names and types of a resource's arguments and outputs in the aws SDK, and which of them are required.

The SDK keeps this in the annotations of generated classes: `eks.Cluster`, `eks.ClusterArgs`, `eks.ClusterVpcConfigArgs`.
"""

from __future__ import annotations

import importlib
import typing
from collections import abc
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import UnionType

import pulumi
from pulumi import _types
from pulumi.runtime import rpc

from bench.plugins.errors import PluginError


@dataclass(frozen=True)
class Scalar:
    """`string`, `integer`, `number` or `boolean`."""

    name: str


@dataclass(frozen=True)
class ListOf:
    item: Type


@dataclass(frozen=True)
class MapOf:
    """A map with free keys, such as tags."""

    item: Type


@dataclass(frozen=True)
class Record:
    """A generated class with named fields: see `fields`."""

    cls: type


@dataclass(frozen=True)
class Choice:
    """A value that fits any one of these."""

    options: tuple[Type, ...]


@dataclass(frozen=True)
class Anything:
    """Assets and archives, which are not checked."""


Type = Scalar | ListOf | MapOf | Record | Choice | Anything


@dataclass(frozen=True)
class Field:
    """One argument or output: its name in the program, its name on the wire, its type."""

    name: str
    wire: str
    type: Type
    required: bool


@dataclass(frozen=True)
class ResourceType:
    """A resource class with the class of its arguments."""

    resource: type
    arguments: type


_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


@cache
def resource_type(token: str) -> ResourceType:
    """The class for a type token, such as `aws:eks/cluster:Cluster`; imports only that service's part of the SDK."""
    importlib.import_module("pulumi_aws")  # registers its modules
    package, module, _ = token.split(":")
    registered = rpc.get_resource_module(package, module, "")
    information = getattr(registered, "mod_info", {"classes": {}})
    if token not in information["classes"]:
        raise PluginError(f"{token} is not a resource of the installed pulumi-aws")
    resource = getattr(importlib.import_module(information["fqn"]), information["classes"][token])
    arguments, _ = importlib.import_module(resource.__module__).__all__
    return ResourceType(resource, getattr(importlib.import_module(resource.__module__), arguments))


def provider_arguments() -> type:
    """The class of the arguments of `aws.Provider`."""
    arguments: type = importlib.import_module("pulumi_aws.provider").ProviderArgs
    return arguments


@cache
def fields(cls: type) -> dict[str, Field]:
    """The fields of a generated class by wire name."""
    names = {wire: name for name, wire, _ in _types._py_properties(cls)}
    return {
        wire: Field(names[wire], wire, _type(hint), required=type(None) not in typing.get_args(_value(hint)))
        for wire, hint in _types._raw_return_hints(cls).items()
    }


def _value(hint: object) -> object:
    """`Output[T]` → T; an input keeps its union, in which T and None are members."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is pulumi.Output else hint


def _type(hint: object) -> Type:
    hint = _value(hint)
    origin = typing.get_origin(hint)
    if origin in (typing.Union, UnionType):
        return _choice(_type(member) for member in typing.get_args(hint) if _is_value(member))
    if origin in (list, abc.Sequence):
        return ListOf(_type(typing.get_args(hint)[0]))
    if origin in (dict, abc.Mapping):
        return MapOf(_type(typing.get_args(hint)[1]))
    if not isinstance(hint, type):
        return Anything()
    if _types.is_input_type(hint) or _types.is_output_type(hint):
        return Record(hint)
    if issubclass(hint, Enum):  # suggestions: AWS adds values faster than the SDK does
        return Scalar("string")
    return Scalar(_SCALARS[hint]) if hint in _SCALARS else Anything()


def _is_value(member: object) -> bool:
    """True if a member of an input's union is a value, not a promise of one or None."""
    return member is not type(None) and not _types._is_plumbing_arg(member)


def _choice(options: abc.Iterable[Type]) -> Type:
    different = tuple(dict.fromkeys(options))
    return different[0] if len(different) == 1 else Choice(different)
