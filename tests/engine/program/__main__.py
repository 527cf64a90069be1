"""Declares the resources that the test wrote down in resources.json, under the provider's own type tokens."""

import json
import os
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

kubeconfig = os.environ["KUBECONFIG"]
providers = {
    "strict": kubernetes.Provider("strict", kubeconfig=kubeconfig),
    "mutable": kubernetes.Provider("mutable", kubeconfig=kubeconfig, enable_config_map_mutable=True, enable_secret_mutable=True),
}
declared: dict[str, pulumi.Resource] = {}
for entry in json.loads(Path("resources.json").read_text()):
    props = entry["props"]
    for name in entry["secret"]:
        props[name] = pulumi.Output.secret(props[name])
    timeouts = (
        pulumi.CustomTimeouts(create=entry["timeout"], update=entry["timeout"], delete=entry["timeout"]) if entry["timeout"] else None
    )
    options = pulumi.ResourceOptions(
        provider=providers[entry["provider"]],
        depends_on=[declared[name] for name in entry["after"]],
        custom_timeouts=timeouts,
        ignore_changes=entry["ignore"],
    )
    declared[entry["name"]] = pulumi.CustomResource(entry["type"], entry["name"], props, options)
