"""Lifecycle of one Kubernetes object: check, diff, create, read, update and delete, as in the official provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.provider import PropertyDiffKind

from bench.plugins.errors import InitFailedError, PluginError, Properties
from bench.plugins.kubernetes import checkpoint, directives, naming
from bench.plugins.kubernetes.apply import Change, create
from bench.plugins.kubernetes.await_.deletion import delete_and_wait
from bench.plugins.kubernetes.await_.readiness import readiness
from bench.plugins.kubernetes.await_.wait import check_once, wait_until_ready
from bench.plugins.kubernetes.difference import diff_response, differences
from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.errors import ApiError, CancelledError, NotReadyError, UnreachableError
from bench.plugins.kubernetes.immutable import immutable_paths
from bench.plugins.kubernetes.normal import normalise, prune
from bench.plugins.kubernetes.session import Session
from bench.plugins.kubernetes.tokens import Gvk, gvk_of_token
from bench.plugins.kubernetes.values import has_unknown, plain_map, property_map

_RUN_AGAIN = f'metadata.annotations["{directives.REPLACE_UNREADY}"]'


class Objects:
    """Objects of every kind that the API server serves. Errors name the object; an object that is not ready stays in the state."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """The inputs with apiVersion, kind, name and namespace filled in. Sends only discovery requests."""
        gvk = gvk_of_token(request.type)
        raw = plain_map(request.new_inputs)
        obj = normalise({"apiVersion": gvk.api_version, "kind": gvk.kind, **raw}, gvk)
        naming.ensure_name(obj, plain_map(request.old_inputs), request.name, request.random_seed)
        naming.ensure_namespace(obj, self._namespaced(gvk), self._session.default_namespace)
        return sdk.CheckResponse(inputs=property_map(obj, request.new_inputs))

    def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Compare the last known live state, reduced to the old inputs, with the new inputs."""
        gvk = gvk_of_token(request.type)
        new = normalise(plain_map(request.new_inputs), gvk)
        inputs, live = checkpoint.split(plain_map(request.old_state))
        old = prune(live, normalise(inputs, gvk), lenient=gvk.built_in)
        naming.align_identity(old, new, live)
        found, fixed = differences(old, new), immutable_paths(gvk, new, self._session.config)
        if self._is_to_be_run_again(gvk, new):
            found, fixed = found | {_RUN_AGAIN: PropertyDiffKind.UPDATE}, (*fixed, _RUN_AGAIN)
        same_place = naming.identity(new) == naming.identity(live)
        fixed_name = same_place and not directives.is_true(new, directives.AUTONAMED)
        return diff_response(found, fixed, delete_before_replace=fixed_name)

    def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """POST, then wait for readiness. A preview is a server-side dry run if the cluster can answer one."""
        gvk = gvk_of_token(request.type)
        inputs = plain_map(request.properties)
        if request.preview:
            return sdk.CreateResponse("", self._preview_create(gvk, inputs, request.properties))
        with about(inputs):
            live = create(self._session.cluster, gvk, inputs, self._session.cancelled)
        manager = checkpoint.new_field_manager(inputs)
        live = self._await(gvk, inputs, live, request.timeout, manager, request.properties)
        return sdk.CreateResponse(naming.object_id(live), checkpoint.outputs(inputs, live, manager, request.properties))

    def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """Server-side apply, then wait for readiness. A preview is a dry run of the same."""
        gvk = gvk_of_token(request.type)
        inputs = plain_map(request.news)
        state = plain_map(request.olds)
        manager = checkpoint.field_manager(state, inputs)
        if request.preview and has_unknown(inputs):
            return sdk.UpdateResponse(request.news)
        namespace, name = naming.parse_id(request.resource_id)
        force = self._session.config.enable_patch_force
        before, _ = checkpoint.split(state)
        change = Change(gvk, inputs, before, namespace, name, manager, list(request.ignore_changes), force)
        try:
            with about(inputs):
                live = change.apply(self._session.cluster, dry_run=request.preview)
        except (ApiError, UnreachableError) as error:
            if request.preview and _cannot_preview(error):
                return sdk.UpdateResponse(request.news)
            raise
        if not request.preview:
            live = self._await(gvk, inputs, live, request.timeout, manager, request.news)
        return sdk.UpdateResponse(checkpoint.outputs(inputs, live, manager, request.news))

    def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """The live object and the inputs derived from it; an empty id if it is gone."""
        gvk = gvk_of_token(request.type)
        namespace, name = naming.parse_id(request.resource_id)
        try:
            live = self._session.cluster.get(gvk, namespace, name)
        except ApiError as error:
            if error.not_found:
                return sdk.ReadResponse(resource_id="")
            raise
        state = plain_map(request.properties)
        wanted = normalise(plain_map(request.inputs), gvk)
        inputs = prune(live, wanted, lenient=gvk.built_in) if wanted else checkpoint.imported_inputs(live)
        manager = checkpoint.field_manager(state, inputs)
        outputs = checkpoint.outputs(inputs, live, manager, request.inputs)
        marked = property_map(inputs, request.inputs)
        unready = check_once(self._session.cluster, gvk, live) if wanted and not directives.skip_await(inputs) else None
        if unready:
            raise InitFailedError(request.resource_id, unready, outputs, marked)
        return sdk.ReadResponse(request.resource_id, outputs, marked)

    def delete(self, request: sdk.DeleteRequest) -> None:
        """DELETE (foreground), then wait until the object is gone; an object that is already gone counts as success."""
        gvk = gvk_of_token(request.type)
        inputs, live = checkpoint.split(plain_map(request.properties))
        with about(live):
            delete_and_wait(self._session, gvk, request.resource_id, inputs, directives.timeout_seconds(request.timeout, inputs))

    def _is_to_be_run_again(self, gvk: Gvk, inputs: Object) -> bool:
        """True if a Job asks for replacement until it succeeds, and has not succeeded."""
        if gvk.kind != "Job" or not directives.is_true(inputs, directives.REPLACE_UNREADY):
            return False
        try:
            live = self._session.cluster.get(gvk, inputs["metadata"].get("namespace"), inputs["metadata"]["name"])
        except (ApiError, UnreachableError):
            return False  # nothing to compare; an update will report the problem
        return not readiness(gvk, live).ready

    def _namespaced(self, gvk: Gvk) -> bool:
        # An unknown kind is most likely a custom resource whose definition the same update creates.
        try:
            return self._session.cluster.kind(gvk).namespaced
        except (ApiError, UnreachableError):
            return True

    def _preview_create(self, gvk: Gvk, inputs: Object, properties: Properties) -> Properties:
        if has_unknown(inputs):
            return properties
        try:
            with about(inputs):
                live = create(self._session.cluster, gvk, inputs, self._session.cancelled, dry_run=True)
        except (ApiError, UnreachableError) as error:
            if _cannot_preview(error):
                return properties
            raise
        live.pop("status", None)  # fields that the server fills in later are unknown
        return checkpoint.outputs(inputs, live, checkpoint.new_field_manager(inputs), properties)

    def _await(self, gvk: Gvk, inputs: Object, live: Object, timeout: float, manager: str, marked: Properties) -> Object:
        try:
            return wait_until_ready(self._session, gvk, inputs, live, directives.timeout_seconds(timeout, inputs))
        except (NotReadyError, CancelledError, UnreachableError, ApiError) as error:
            details = error.reasons if isinstance(error, NotReadyError) else []
            reasons = [f"{naming.label(live)} exists, but is not ready: {error}", *details]
            raise InitFailedError(naming.object_id(live), reasons, checkpoint.outputs(inputs, live, manager, marked)) from error


@contextmanager
def about(obj: Object) -> Iterator[None]:
    """Put the object's name before the API server's message, because a webhook's refusal does not name it."""
    try:
        yield
    except ApiError as error:
        error.args = (f"{naming.label(obj)}: {error}",)
        raise


def _cannot_preview(error: PluginError) -> bool:
    """True if the dry run failed for a reason that the update itself removes, or that concerns only dry runs."""
    if isinstance(error, UnreachableError):
        return True
    if not isinstance(error, ApiError):
        return False
    return error.not_found or error.already_exists or error.code == 403 or "does not support dry run" in str(error)
