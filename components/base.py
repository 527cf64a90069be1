"""Base of every component: its type token, its arguments, and the options and labels of its children."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pulumi
from pydantic import BaseModel, ConfigDict

PROJECT = "inference-platform"


class Args(BaseModel):
    """Frozen, complete arguments. Facts known in a preview have plain types; run-time facts are `T | pulumi.Output[T]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Component(pulumi.ComponentResource):
    """Base of every component. It derives the type token `inference-platform:<module>:<Class>` from the class's module."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
        formerly: str | None = None,
    ) -> None:
        """`after`: resources that must be complete before any child of this one is created; None for a part that is switched off.

        `formerly`: the class's name before a rename; existing resources under it are kept.
        """
        token = type_token(type(self))
        if formerly:
            alias = pulumi.Alias(type_=f"{token.rpartition(':')[0]}:{formerly}")
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[alias]))
        super().__init__(token, name, None, opts)
        # Pulumi does not pass a component's depends_on to its children, so the children carry it themselves.
        self.after = [resource for resource in after if resource is not None]

    def child(
        self,
        depends_on: Sequence[pulumi.Resource] = (),
        delete_before_replace: bool | None = None,
        create_timeout_seconds: int | None = None,
        delete_timeout_seconds: int | None = None,
        protect: bool | None = None,
        ignore_changes: list[str] | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child resource.

        `create_timeout_seconds`: limit for its creation and its updates. `delete_timeout_seconds`: for its deletion. `protect`: no destroy
        or replacement until a person removes the protection. `ignore_changes`: properties that another controller owns once the
        resource exists.
        """
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=[*self.after, *depends_on],
            delete_before_replace=delete_before_replace,
            protect=protect,
            ignore_changes=ignore_changes,
            custom_timeouts=_timeouts(create_timeout_seconds, delete_timeout_seconds),
        )


def _timeouts(create: int | None, delete: int | None) -> pulumi.CustomTimeouts | None:
    """Limits in seconds; None: the provider's own."""
    if create is None and delete is None:
        return None
    made, gone = (f"{seconds}s" if seconds else None for seconds in (create, delete))
    return pulumi.CustomTimeouts(create=made, update=made, delete=gone)


def type_token(component: type[Component]) -> str:
    """`components.platform.kserve.KServe` → `inference-platform:platform:KServe`."""
    module = component.__module__.removeprefix("components.").split(".", 1)[0]
    return f"{PROJECT}:{module}:{component.__name__}"


def labels(name: str, part_of: str) -> dict[str, str]:
    """Labels of every object of the platform (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/)."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": part_of,
        "app.kubernetes.io/managed-by": "pulumi",
    }


def named_by_content(name: str, content: object) -> str:
    """A physical name that changes with the content, so that a change makes a new object and its users follow.

    Fails on an Output inside, because the name must be known in a preview and must never contain a secret.
    """
    return f"{name}-{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:10]}"
