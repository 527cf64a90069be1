"""The whole program under a recording monitor: every registration with options that mocks hide (dependencies, provider, timeouts)."""

from __future__ import annotations

import asyncio
import json
import runpy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
from pulumi.runtime import mocks, resource, rpc
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import Stack

from tests.graph.aws_outputs import made_on_aws

ROOT = Path(__file__).parents[2]
PROJECT = "inference-platform"
GENERATED = "generated-by-random-"
"""The password of the recorded RandomPassword; its presence in a plain input is a leak."""


@dataclass(frozen=True)
class Resource:
    """One registration. `inputs` are plain; `secrets` holds the top-level inputs that were marked secret anywhere inside."""

    urn: str
    type: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    secret_inputs: frozenset[str]
    parent: str
    depends_on: frozenset[str]
    provider: str
    create_timeout: str
    delete_before_replace: bool
    replace_on_changes: tuple[str, ...]
    protect: bool
    alias_types: frozenset[str]
    ignore_changes: frozenset[str]

    @property
    def kind(self) -> str:
        return self.type.rsplit(":", 1)[-1]

    @property
    def key(self) -> str:
        """Unique and readable in a failing test: `Job/kserve-gate`; a component has its whole type in front."""
        return f"{self.kind if self.custom else self.type}/{self.name}"


class Graph:
    """The resources that the program registered, in order."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self.outputs: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())

    def of_kind(self, *kinds: str) -> list[Resource]:
        return [resource for resource in self if resource.custom and resource.kind in kinds]

    def one(self, key: str) -> Resource:
        """The resource with this key. Fails with the keys there are."""
        found = [resource for resource in self if resource.key == key]
        assert len(found) == 1, f"{key} found {len(found)} times among {sorted(resource.key for resource in self)}"
        return found[0]

    def comes_after(self, later: str, earlier: str) -> bool:
        """True if `later` waits, directly or through others, for `earlier`. A resource also waits for its provider."""
        goal, seen, ahead = self.one(earlier).urn, set[str](), [self.one(later).urn]
        while ahead:
            urn = ahead.pop()
            if urn == goal:
                return True
            if urn not in seen and urn in self.resources:
                seen.add(urn)
                ahead += [*self.resources[urn].depends_on, self.resources[urn].provider.rpartition("::")[0]]
        return False


class _Answers(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        outputs = dict(args.inputs)
        if args.typ == "random:index/randomPassword:RandomPassword":
            # In the clear: the SDK marks it as a secret, whatever a provider does.
            outputs["result"] = GENERATED + args.name
        if args.typ.startswith("aws:"):
            outputs |= made_on_aws(args.typ, args.name)
        return f"{args.name}-id", outputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program calls {args.token}: it must not look anything up")


class _Monitor(mocks.MockMonitor):
    def __init__(self, graph: Graph) -> None:
        super().__init__(_Answers())
        self.graph = graph

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802, ANN401 - the monitor's own interface
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            self.graph.resources[response.urn] = _recorded(request, response.urn)
        return response


def _recorded(request: resource_pb2.RegisterResourceRequest, urn: str) -> Resource:
    inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs={key: rpc.unwrap_rpc_secret(value) if rpc.is_rpc_secret(value) else value for key, value in inputs.items()},
        secret_inputs=frozenset(key for key, value in inputs.items() if rpc.is_rpc_secret(value)),
        parent=request.parent,
        depends_on=frozenset(request.dependencies),
        provider=request.provider,
        create_timeout=request.customTimeouts.create,
        delete_before_replace=request.deleteBeforeReplace,
        replace_on_changes=tuple(request.replaceOnChanges),
        protect=request.protect,
        alias_types=frozenset(alias.spec.type for alias in request.aliases),
        ignore_changes=frozenset(request.ignoreChanges),
    )


def record(values: Mapping[str, Any], secret_keys: list[str] | None = None) -> Graph:
    """Runs `__main__.py` with this configuration: the keys below `inference-platform:`, as in a stack file."""
    config = {f"{PROJECT}:{key}": json.dumps(value) for key, value in values.items()}
    return _recording(lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"), config, secret_keys or [])


def record_component(build: Callable[[], object]) -> Graph:
    """Runs `build`, which makes components by hand, without the rest of the program."""
    return _recording(build, {}, [])


_LOOPS: list[asyncio.AbstractEventLoop] = []
"""The loop of the recording before, which what it returned may still use; each open one holds three file descriptors."""


def _begin_a_loop() -> None:
    while _LOOPS:
        _LOOPS.pop().close()
    _LOOPS.append(asyncio.new_event_loop())
    asyncio.set_event_loop(_LOOPS[-1])


def _recording(build: Callable[[], object], config: dict[str, str], secret_keys: list[str]) -> Graph:
    graph = Graph()
    _begin_a_loop()
    mocks.set_mocks(_Answers(), project=PROJECT, stack="local", preview=False, monitor=_Monitor(graph))
    pulumi.runtime.set_all_config(config, secret_keys)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def program() -> None:
        build()

    # The engine is told where in the source each was made. That is a seventh of the time, and no test asks.
    with patch.object(resource, "_get_stack_trace", source_pb2.StackTrace):
        program()
    root = get_root_resource()
    assert isinstance(root, Stack)
    graph.outputs = dict(root.outputs)
    return graph
