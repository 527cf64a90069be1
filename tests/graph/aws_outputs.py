"""The outputs that AWS fills in when a resource is made, as far as the program reads them."""

from __future__ import annotations

from typing import Any

ACCOUNT = "111122223333"
"""AWS' own documentation uses it for examples."""

FILLED_IN: dict[str, dict[str, Any]] = {
    "aws:eks/cluster:Cluster": {
        "endpoint": "https://cluster.example",
        "certificateAuthority": {"data": "Y2VydGlmaWNhdGU="},
        "vpcConfig": {"clusterSecurityGroupId": "sg-0cluster"},
    },
    "aws:kms/key:Key": {"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab"},
}


def made_on_aws(token: str, name: str) -> dict[str, Any]:
    service, kind = token.split(":")[1].split("/")
    region = "" if service == "iam" else "eu-central-1"
    outputs = {"arn": f"arn:aws:{service}:{region}:{ACCOUNT}:{kind}/{name}", **FILLED_IN.get(token, {})}
    if kind == "queue":
        return {**outputs, "url": f"https://sqs.eu-central-1.amazonaws.com/{ACCOUNT}/{name}"}
    if kind == "nodeGroup":
        return {**outputs, "resources": [{"autoscalingGroups": [{"name": f"eks-{name}-group"}]}]}
    if service == "sagemaker" and kind != "endpoint":
        return {**outputs, "name": f"{name}-0123abc"}  # Pulumi's plugin makes up such a name
    return {**outputs, "latestVersion": 7} if kind == "launchTemplate" else outputs
