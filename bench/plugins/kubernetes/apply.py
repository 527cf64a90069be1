"""Writing an object: POST to create, server-side apply to update."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass

from bench.plugins.kubernetes import directives, naming
from bench.plugins.kubernetes.cluster import Cluster
from bench.plugins.kubernetes.documents import Object
from bench.plugins.kubernetes.errors import ApiError, CancelledError
from bench.plugins.kubernetes.ownership import CREATOR, adoption, keep_ignored, merge_patch
from bench.plugins.kubernetes.tokens import Gvk

_APPLY = "application/apply-patch+yaml"
_JSON_PATCH = "application/json-patch+json"
_MERGE_PATCH = "application/merge-patch+json"
_RETRY_SECONDS = (1, 2, 4, 8, 16)  # the official provider's five retries for a namespace or CRD that is about to appear
_LOOKS = 5  # conflicts with another writer of the object
_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")


def create(cluster: Cluster, gvk: Gvk, obj: Object, cancelled: threading.Event, *, dry_run: bool = False) -> Object:
    """POST. Waits up to 31 s for a missing namespace or kind. Raises ApiError, including when the object already exists."""
    for pause in _RETRY_SECONDS:
        try:
            return _post(cluster, gvk, obj, dry_run=dry_run)
        except ApiError as error:
            if dry_run or not error.not_found:
                raise
        if cancelled.wait(pause):
            raise CancelledError("interrupted before it was created")
    return _post(cluster, gvk, obj, dry_run=dry_run)


def _post(cluster: Cluster, gvk: Gvk, obj: Object, *, dry_run: bool) -> Object:
    path = cluster.kind(gvk).path(naming.identity(obj)[0])
    try:
        created: Object = cluster.request("POST", path, body=_for_scope(cluster, gvk, obj), fieldManager=CREATOR, **_mode(dry_run))
    except ApiError as error:
        if not error.already_exists:
            raise
        raise ApiError(error.code, error.reason, f"{error}: import it, alias it, or give this resource another name") from error
    return created


@dataclass(frozen=True)
class Change:
    """An update of one object. `before` are the inputs of the last update, `namespace` and `name` its place."""

    gvk: Gvk
    obj: Object
    before: Object
    namespace: str | None
    name: str
    manager: str
    ignored: list[str]
    force: bool

    def apply(self, cluster: Cluster, *, dry_run: bool) -> Object:
        """The object after the change. Raises ApiError, including at a conflict with another field manager."""
        path = cluster.kind(self.gvk).path(self.namespace, self.name)
        live = cluster.request("GET", path)
        body = _for_scope(cluster, self.gvk, self.obj)
        if (self.gvk.group, self.gvk.kind) == _DEFINITION:
            # A definition's lists of versions and fields are replaced as a whole, never merged.
            body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
            replaced: Object = cluster.request("PUT", path, body=body, fieldManager=self.manager, **_mode(dry_run))
            return replaced
        keep_ignored(body, live, self.ignored)
        if dry_run and adoption(live, self.manager):
            # A dry run cannot transfer fields, and an apply beside the first owner adds to its lists instead of changing them.
            patch = merge_patch(self.before, body)
            previewed: Object = cluster.request("PATCH", path, body=patch, content=_MERGE_PATCH, **_mode(dry_run))
            return previewed
        self._take_over(cluster, path, live)
        return self._server_side_apply(cluster, path, body, dry_run=dry_run)

    def _take_over(self, cluster: Cluster, path: str, live: Object) -> None:
        """Transfer field ownership. If another writer, such as a controller, changed the object since the last read, the patch conflicts
        and the transfer reads it again.
        """
        for left in reversed(range(_LOOKS)):
            takeover = adoption(live, self.manager)
            if not takeover:
                return
            try:
                cluster.request("PATCH", path, body=takeover, content=_JSON_PATCH)
            except ApiError as error:
                if not error.conflict or not left:
                    raise
                live = cluster.request("GET", path)
            else:
                return

    def _server_side_apply(self, cluster: Cluster, path: str, body: Object, *, dry_run: bool) -> Object:
        force = self.force or directives.is_true(self.obj, directives.PATCH_FORCE)
        options = {"fieldManager": self.manager, "force": str(force).lower(), **_mode(dry_run)}
        try:
            applied: Object = cluster.request("PATCH", path, body=body, content=_APPLY, **options)
        except ApiError as error:
            if not error.conflict:
                raise
            message = f'server-side apply field conflict: {error}. To take the fields over, annotate it {directives.PATCH_FORCE}: "true"'
            raise ApiError(error.code, error.reason, message) from error
        return applied


def _mode(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _for_scope(cluster: Cluster, gvk: Gvk, obj: Object) -> Object:
    body = copy.deepcopy({**obj, "metadata": naming.metadata(obj)})
    # A cluster-scoped custom resource may carry a namespace if it was checked before its definition existed.
    if not cluster.kind(gvk).namespaced:
        body["metadata"].pop("namespace", None)
    return body
