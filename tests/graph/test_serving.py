"""The rules of serving: one autoscaler, one owner per field, addresses people know."""

from __future__ import annotations

import pytest

from tests.graph.recording import Graph
from tests.graph.stacks import local

ISVC = "InferenceService/mnist-classifier"


@pytest.fixture(scope="module")
def standard() -> Graph:
    """The same service without Knative."""
    scaling = {"metric": "cpu", "target": 80}
    return local(gatewayApi={}, envoyGateway={}, knative={}, models__mnist_classifier__scaling=scaling)


def test_the_address_people_know(graph: Graph, standard: Graph) -> None:
    assert standard.outputs == graph.outputs
    assert graph.outputs["endpoints"] == {
        "mnist-classifier": "http://mnist-classifier.default.svc.cluster.local/v1/models/mnist-classifier:predict"
    }
    service = standard.one("Service/mnist-classifier").inputs
    assert service["metadata"]["namespace"] == "default"
    assert service["spec"] == {
        "selector": {"app": "isvc.mnist-classifier-predictor"},
        "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
    }


def test_the_mode_is_always_written_and_the_autoscaler_is_one(standard: Graph) -> None:
    service = standard.one(ISVC).inputs
    assert service["metadata"]["annotations"] == {
        "serving.kserve.io/deploymentMode": "Standard",
        "serving.kserve.io/autoscalerClass": "hpa",
    }
    assert not standard.of_kind("HorizontalPodAutoscaler", "ScaledObject")
    predictor = service["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (1, 3)
    assert (predictor["scaleMetric"], predictor["scaleTarget"]) == ("cpu", 80)
    # Knative's fields would be ignored in Standard mode, silently (kserve#5335).
    assert not {"canaryTrafficPercent", "containerConcurrency", "replicas"} & set(predictor)


def test_the_model_and_its_reader(graph: Graph) -> None:
    predictor = graph.one(ISVC).inputs["spec"]["predictor"]
    assert predictor["serviceAccountName"] == "mnist-classifier"
    assert predictor["model"]["storageUri"] == "s3://models/mnist/mnist_cnn_single_gpu.pt"
    assert predictor["model"]["runtime"] == graph.one("ServingRuntime/mnist-classifier-pytorch").inputs["metadata"]["name"]
    account = graph.one("ServiceAccount/mnist-classifier").inputs
    assert account["secrets"] == [{"name": "mnist-classifier-storage"}]
    annotations = graph.one("Secret/mnist-classifier-storage").inputs["metadata"]["annotations"]
    assert annotations["serving.kserve.io/s3-endpoint"] == "minio.minio.svc.cluster.local:9000"
    assert annotations["serving.kserve.io/s3-usehttps"] == "0"


def test_resources_are_the_configurations(graph: Graph) -> None:
    assert graph.one(ISVC).inputs["spec"]["predictor"]["model"]["resources"] == {
        "requests": {"cpu": "85m", "memory": "512Mi"},
        "limits": {"cpu": "2", "memory": "2Gi"},
    }


def test_no_object_carries_a_wait_that_updates_never_satisfy(graph: Graph) -> None:
    for resource in graph:
        assert "pulumi.com/waitFor" not in resource.inputs.get("metadata", {}).get("annotations", {}), resource.key


def test_a_service_that_comes_before_its_pods_is_not_waited_for(graph: Graph) -> None:
    for name in ("mnist-classifier", "minio-headless"):
        assert graph.one(f"Service/{name}").inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_model_pods_never_run_in_the_controllers_namespace(graph: Graph) -> None:
    for resource in graph.of_kind("InferenceService", "ServingRuntime"):
        assert resource.inputs["metadata"]["namespace"] not in {"kserve", "cert-manager", "minio"}


def test_the_server_drains_before_it_is_killed(standard: Graph) -> None:
    assert standard.one(ISVC).inputs["spec"]["predictor"]["terminationGracePeriodSeconds"] >= 35


def test_the_server_learns_its_cpu_limit(graph: Graph) -> None:
    (container,) = graph.one("ServingRuntime/mnist-classifier-pytorch").inputs["spec"]["containers"]
    (limit,) = [item for item in container["env"] if item["name"] == "CPU_LIMIT"]
    assert limit["valueFrom"]["resourceFieldRef"] == {"resource": "limits.cpu", "divisor": "1"}


def test_an_own_image_name_passes_through_untouched() -> None:
    graph = local(mirror={"images": {"registry.example": "elsewhere.example"}})
    (container,) = graph.one("ServingRuntime/mnist-classifier-pytorch").inputs["spec"]["containers"]
    assert container["image"] == "registry.example/mnist:1"
