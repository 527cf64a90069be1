"""The end of a platform on the real node, the beginning of the next, and its move to Knative mode. Runs last of what uses it."""

from __future__ import annotations

import pytest

from scripts.mlops.reach import Endpoint
from tests.node import platform

pytestmark = pytest.mark.node

PREDICTOR = "mnist-classifier-predictor"


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
    again = platform.apply(**switched_off, services__mnist__scaling__metric="cpu", services__mnist__scaling__target=80)
    assert again.status == 0, again.output[-3000:]
    assert "knative" not in platform.kubectl("get", "namespaces", "--output", "name")
    assert predictors() == [f"deployment.apps/{PREDICTOR}"]
    found: Endpoint = platform.endpoint()
    assert found.host == "mnist-classifier.default.svc.cluster.local"
    assert platform.answers(found)


@pytest.mark.usefixtures("up")
def test_the_move_from_standard_mode_replaces_the_service() -> None:
    """KServe refuses a change of the mode, so the object goes first. What Knative mode needs comes in the same `up`."""
    moved = platform.apply()
    assert moved.status == 0, moved.output[-3000:]
    assert f"service.serving.knative.dev/{PREDICTOR}" in predictors()
    assert f"deployment.apps/{PREDICTOR}" not in predictors()
    assert platform.answers(platform.endpoint())


def predictors() -> list[str]:
    """What serves, in either mode; a kind that the cluster does not know yet has none."""
    kinds = platform.kubectl("api-resources", "--output", "name").split()
    known = ["deployments.apps", *(kind for kind in kinds if kind == "services.serving.knative.dev")]
    return platform.kubectl("get", ",".join(known), "--namespace", "default", "--output", "name").split()
