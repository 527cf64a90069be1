"""How clients reach an EKS cluster: an address, and a command that fetches a token for whoever runs it."""

from __future__ import annotations

import pulumi


def kubeconfig(name: pulumi.Input[str], region: str, endpoint: pulumi.Input[str], authority: pulumi.Input[str]) -> pulumi.Output[str]:
    """Holds no secret and does not change while the cluster lives. `authority`: the certificate, base64. Needs the AWS CLI on PATH.

    The shape is `aws eks update-kubeconfig`'s (aws/aws-cli:awscli/customizations/eks/update_kubeconfig.py). A token in its place would
    last 15 minutes and stand in the state.
    """
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"],
        # client-go asks for the decision; the command needs nobody to type anything.
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
