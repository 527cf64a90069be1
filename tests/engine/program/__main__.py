"""Declares the resources that the test wrote down in resources.json, under the provider's own type tokens."""

import functools
import json
import os
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

kubeconfig = os.environ["KUBECONFIG"]


@functools.cache
def provider(name: str) -> kubernetes.Provider:
    mutable = name == "mutable"
    return kubernetes.Provider(name, kubeconfig=kubeconfig, enable_config_map_mutable=mutable, enable_secret_mutable=mutable)


declared: dict[str, pulumi.Resource] = {}
for entry in json.loads(Path("resources.json").read_text()):
    props = entry["props"]
    for name in entry["secret"]:
        props[name] = pulumi.Output.secret(props[name])
    limit = entry["timeout"]
    options = pulumi.ResourceOptions(
        provider=provider(entry["provider"]),
        depends_on=[declared[name] for name in entry["after"]],
        custom_timeouts=pulumi.CustomTimeouts(limit, limit, limit) if limit else None,
        ignore_changes=entry["ignore"],
    )
    declared[entry["name"]] = pulumi.CustomResource(entry["type"], entry["name"], props, options)
