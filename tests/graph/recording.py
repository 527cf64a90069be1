"""The whole program under a recording monitor: every registration with options that mocks hide (dependencies, provider, timeouts)."""

from __future__ import annotations

import asyncio
import json
import runpy
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

import pulumi
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import mocks, resource, rpc
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import Stack

from tests.graph.aws_outputs import made_on_aws

P = ParamSpec("P")
T = TypeVar("T")
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
    delete_timeout: str
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


class _Nothing(mocks.Mocks):
    """The program must not look anything up."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise AssertionError(f"the program reads {args.typ} {args.name}: it must not look anything up")

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program calls {args.token}: it must not look anything up")


class _Monitor(mocks.MockMonitor):
    def __init__(self, graph: Graph) -> None:
        super().__init__(_Nothing())
        self.graph = graph

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:  # noqa: N802, ANN401 - the monitor's own interface
        """Record the resource and answer with its inputs and what a provider fills in.

        The SDK's own mock does the same by way of Python objects and an event loop for each resource: a quarter of a recording's time.
        """
        urn: str = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        self.graph.resources[urn] = _recorded(request, urn)
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.object)
        outputs.update(_filled_in(request.type, request.name))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"{request.name}-id", object=outputs)


def _filled_in(token: str, name: str) -> dict[str, Any]:
    if token == "random:index/randomPassword:RandomPassword":
        # In the clear: the SDK marks it as a secret, whatever a provider does.
        return {"result": GENERATED + name}
    return made_on_aws(token, name) if token.startswith("aws:") else {}


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
        delete_timeout=request.customTimeouts.delete,
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


class _Inline(ThreadPoolExecutor):
    """The SDK asks the engine in threads; the recording monitor answers at once, and a thread would only cost time."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _begin_a_loop() -> None:
    while _LOOPS:
        _LOOPS.pop().close()
    _LOOPS.append(asyncio.new_event_loop())
    _LOOPS[-1].set_default_executor(_Inline())
    asyncio.set_event_loop(_LOOPS[-1])


def _recording(build: Callable[[], object], config: dict[str, str], secret_keys: list[str]) -> Graph:
    graph = Graph()
    _begin_a_loop()
    mocks.set_mocks(_Nothing(), project=PROJECT, stack="local", preview=False, monitor=_Monitor(graph))
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
