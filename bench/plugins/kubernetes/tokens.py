"""Type tokens: `kubernetes:<group>/<version>:<Kind>` and the group, version and kind in them."""

from __future__ import annotations

from typing import NamedTuple

from bench.plugins.errors import PluginError
from bench.plugins.urn import own_type

RELEASE = "kubernetes:helm.sh/v3:Release"

_SHORT_GROUPS = {
    "admissionregistration": "admissionregistration.k8s.io",
    "apiextensions": "apiextensions.k8s.io",
    "apiregistration": "apiregistration.k8s.io",
    "authorization": "authorization.k8s.io",
    "certificates": "certificates.k8s.io",
    "coordination": "coordination.k8s.io",
    "core": "",
    "discovery": "discovery.k8s.io",
    "events": "events.k8s.io",
    "flowcontrol": "flowcontrol.apiserver.k8s.io",
    "networking": "networking.k8s.io",
    "node": "node.k8s.io",
    "rbac": "rbac.authorization.k8s.io",
    "scheduling": "scheduling.k8s.io",
    "storage": "storage.k8s.io",
}

_BUILT_IN = {*_SHORT_GROUPS.values(), "apps", "autoscaling", "batch", "policy"}


class Gvk(NamedTuple):
    """Group, version and kind of an object; the core group is the empty string."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def built_in(self) -> bool:
        """True if Kubernetes itself defines the kind, and so normalises its fields (quantities, empty values)."""
        return self.group in _BUILT_IN

    @classmethod
    def of(cls, api_version: str, kind: str) -> Gvk:
        group, _, version = api_version.rpartition("/")
        return cls(group, version, kind)


def gvk_of_token(token: str) -> Gvk:
    """The kind of a type token, with or without its parents' types in front. Raises PluginError if it is not a kind."""
    token = own_type(token)
    parts = token.split(":")
    if len(parts) != 3 or parts[0] != "kubernetes" or "/" not in parts[1]:
        raise PluginError(f"{token!r} is not a Kubernetes resource type: expected kubernetes:<group>/<version>:<Kind>")
    group, _, version = parts[1].rpartition("/")
    if group.startswith("helm.sh") or group in {"yaml", "kustomize"} or parts[2].endswith(("List", "Patch")):
        raise PluginError(f"{token} is not supported by the bench's kubernetes plugin; install the official plugin to use it")
    return Gvk(_SHORT_GROUPS.get(group, group), version, parts[2])
