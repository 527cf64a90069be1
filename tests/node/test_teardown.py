"""The end of a platform on the real node, and the beginning of the next. The last file of the folder that uses it."""

from __future__ import annotations

import pytest

from scripts.mlops.reach import Endpoint
from tests.node import platform

pytestmark = pytest.mark.node


@pytest.mark.usefixtures("mnist")
def test_destroy_leaves_nothing() -> None:
    destroyed = platform.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.status == 0, destroyed.output[-3000:]
    namespaces = set(platform.kubectl("get", "namespaces", "--output", "name").split())
    assert not {f"namespace/{name}" for name in ("cert-manager", "envoy-gateway", "knative-serving", "kserve", "minio")} & namespaces
    definitions = platform.kubectl("get", "customresourcedefinitions", "--output", "name")
    assert not [name for name in ("kserve.io", "cert-manager.io", "knative.dev", "gateway") if name in definitions]
    assert platform.kubectl("get", "pods,services,secrets", "--namespace", "default", "--output", "name").split() == ["service/kubernetes"]


@pytest.mark.usefixtures("up")
def test_up_works_again_in_standard_mode_with_nothing_that_only_knative_mode_needs() -> None:
    switched_off = {f"{section}__enabled": False for section in ("gatewayApi", "envoyGateway", "knative")}
    again = platform.apply(**switched_off, models__mnist_classifier__scaling__metric="cpu", models__mnist_classifier__scaling__target=80)
    assert again.status == 0, again.output[-3000:]
    assert "knative" not in platform.kubectl("get", "namespaces", "--output", "name")
    found: Endpoint = platform.endpoint()
    assert found.host == "mnist-classifier.default.svc.cluster.local"
    assert platform.answers(found)
