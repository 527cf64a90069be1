"""Access of clients to an EKS cluster: its address, and a command that fetches a token for the caller."""

from __future__ import annotations

import pulumi


def kubeconfig(name: pulumi.Input[str], region: str, endpoint: pulumi.Input[str], authority: pulumi.Input[str]) -> pulumi.Output[str]:
    """Kubeconfig without a secret, constant for the cluster's life. `authority`: the certificate, base64. Needs the AWS CLI on PATH.

    It has the shape of `aws eks update-kubeconfig` (aws/aws-cli:awscli/customizations/eks/update_kubeconfig.py). A token instead would
    last 15 minutes and be stored in the state.
    """
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"],
        # client-go requires this field; the command needs no input from the user.
        "interactiveMode": "Never",
    }
    return pulumi.Output.json_dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": endpoint, "certificate-authority-data": authority}}],
            "users": [{"name": name, "user": {"exec": command}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        }
    )
