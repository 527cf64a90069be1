"""The provider that the engine calls: configuration, and a thread per call to the matching lifecycle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from bench.plugins.errors import PluginError
from bench.plugins.kubernetes.cluster import Cluster
from bench.plugins.kubernetes.config import ProviderConfig, config_replacements, connect
from bench.plugins.kubernetes.errors import CancelledError
from bench.plugins.kubernetes.helm import HelmCli
from bench.plugins.kubernetes.objects import Objects
from bench.plugins.kubernetes.release import Releases
from bench.plugins.kubernetes.session import Session
from bench.plugins.kubernetes.tokens import RELEASE
from bench.plugins.kubernetes.values import plain_map
from bench.plugins.urn import own_type

_THREADS = 128  # each awaited resource occupies one
T = TypeVar("T")


class Lifecycle(Protocol):
    """Operations that each sort of resource implements; every method blocks and may be called from many threads."""

    def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse: ...
    def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse: ...
    def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse: ...
    def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse: ...
    def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse: ...
    def delete(self, request: sdk.DeleteRequest) -> None: ...


class KubernetesProvider(sdk.Provider):
    """Objects of any kind the API server serves, and Helm releases."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="resource")
        self._session: Session | None = None
        self._objects: Objects | None = None
        self._releases: Releases | None = None

    async def get_schema(self, _request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:
        return sdk.GetSchemaResponse('{"name": "kubernetes", "resources": {}}')

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        ProviderConfig.parse(plain_map(request.new_inputs))
        return sdk.CheckResponse(inputs=request.new_inputs)

    async def diff_config(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        old, new = plain_map(request.old_state), plain_map(request.new_inputs)
        changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name) and name != "version"]
        # `changes` stays unset: the engine then compares the inputs itself, with the same result.
        return sdk.DiffResponse(diffs=changed, replaces=config_replacements(old, new))

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        await self._in_thread(self._configure, request.args)
        return await super().configure(request)

    def _configure(self, args: dict[str, PropertyValue]) -> None:
        config = ProviderConfig.parse(plain_map(args))
        kubeconfig = config.load()
        cluster: Cluster = connect(kubeconfig)
        session = Session(config, cluster, config.default_namespace(kubeconfig))
        self._session, self._objects = session, Objects(session)
        self._releases = Releases(session, HelmCli(kubeconfig, session.cancelled))

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        return await self._in_thread(self._for(request.type).check, request)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        return await self._in_thread(self._for(request.type).diff, request)

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        return await self._in_thread(self._for(request.type).create, request)

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        return await self._in_thread(self._for(request.type).read, request)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        return await self._in_thread(self._for(request.type).update, request)

    async def delete(self, request: sdk.DeleteRequest) -> None:
        await self._in_thread(self._for(request.type).delete, request)

    async def cancel(self) -> None:
        """End every wait and the running Helm processes."""
        if self._session:
            self._session.cancelled.set()

    def _for(self, token: str) -> Lifecycle:
        lifecycle = self._releases if own_type(token) == RELEASE else self._objects
        if lifecycle is None or self._session is None:
            raise PluginError("the kubernetes provider has no configuration: give it a kubeconfig")
        if self._session.cancelled.is_set():
            raise CancelledError("cancelled")
        return lifecycle

    async def _in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)
