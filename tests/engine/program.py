"""The program of a contract: it declares the resources of a test, under the provider's own type tokens."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes


@dataclass(frozen=True)
class Resource:
    """One resource of a program. `secret` names top-level properties, `timeout` is a Pulumi duration such as "20s"."""

    name: str
    type: str
    props: dict[str, Any]
    after: tuple[str, ...] = ()
    provider: str = "strict"
    secret: tuple[str, ...] = ()
    timeout: str = ""
    ignore: tuple[str, ...] = ()


def declare(resources: Iterable[Resource], kubeconfig: str) -> None:
    @functools.cache
    def provider(name: str) -> kubernetes.Provider:
        mutable = name == "mutable"
        return kubernetes.Provider(name, kubeconfig=kubeconfig, enable_config_map_mutable=mutable, enable_secret_mutable=mutable)

    declared: dict[str, pulumi.Resource] = {}
    for resource in resources:
        props = copy.deepcopy(resource.props)
        for name in resource.secret:
            props[name] = pulumi.Output.secret(props[name])
        limit = resource.timeout
        options = pulumi.ResourceOptions(
            provider=provider(resource.provider),
            depends_on=[declared[name] for name in resource.after],
            custom_timeouts=pulumi.CustomTimeouts(limit, limit, limit) if limit else None,
            ignore_changes=list(resource.ignore),
        )
        declared[resource.name] = pulumi.CustomResource(resource.type, resource.name, props, options)
