"""The model store as its administrator uses it: a second model, and a model that is gone."""

from __future__ import annotations

import json

from tests.node import platform

OTHER_MODEL = """
import torch
from mnist.model import MnistCnn
torch.manual_seed(7)
torch.save(MnistCnn().state_dict(), "/work/model.pt")
"""
"""Untrained weights: a model of the right shape with other answers."""

SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def publish_other_model(key: str) -> None:
    _run("publish", f"mc cp --quiet /work/model.pt store/models/{key}", make_model=True)


def delete_model(key: str) -> None:
    _run("delete", f"mc rm --quiet store/models/{key}", make_model=False)


def _run(name: str, script: str, make_model: bool) -> None:
    """One pod with the root user's key, to its end."""
    work = {"name": "work", "mountPath": "/work"}
    maker = {
        "name": "model",
        "image": _image("servingruntime/mnist-classifier-pytorch", "default", ".spec"),
        "command": ["python3", "-c", OTHER_MODEL],
        "volumeMounts": [work],
        "securityContext": SECURITY,
    }
    client = {
        "name": "client",
        "image": _image("statefulset/minio", "minio", ".spec.template.spec"),
        "command": ["sh", "-ec", f'export MC_HOST_store="http://$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY@minio:9000"; {script}'],
        "env": [{"name": "MC_CONFIG_DIR", "value": "/work/mc"}],
        "envFrom": [{"secretRef": {"name": "minio-root"}}],
        "volumeMounts": [work],
        "securityContext": SECURITY,
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "minio", "labels": {"inference-platform/store-client": "true"}},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
            "initContainers": [maker] if make_model else [],
            "containers": [client],
            "volumes": [{"name": "work", "emptyDir": {}}],
        },
    }
    platform.kubectl("apply", "--filename", "-", stdin=json.dumps(pod))
    platform.kubectl("wait", "--namespace", "minio", "--for=jsonpath={.status.phase}=Succeeded", f"pod/{name}", "--timeout=90s")
    platform.kubectl("delete", "pod", name, "--namespace", "minio", "--wait=false")


def _image(owner: str, namespace: str, pod_spec: str) -> str:
    return platform.kubectl("get", owner, "--namespace", namespace, "--output", f"jsonpath={{{pod_spec}.containers[0].image}}")
