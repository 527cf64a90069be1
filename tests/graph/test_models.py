"""Two models from a stack file to the objects: addresses, modes, autoscalers, the steps of a canary."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.graph.models_alone import CANARY, MNIST, TWO, V1, canary, environment, predictor, rules, serving
from tests.graph.recording import Graph


@pytest.fixture(scope="module")
def graph() -> Graph:
    return serving(mnist={"versions": CANARY}, smollm={"versions": TWO})


def test_the_addresses_people_know_lead_through_the_gateway_in_both_modes(graph: Graph) -> None:
    assert graph.outputs["endpoints"] == {
        "mnist-classifier": "http://mnist-classifier.default.svc.cluster.local/v1/models/mnist-classifier:predict",
        "smollm-text-generation": "http://smollm-text-generation.default.svc.cluster.local/v1/completions",
    }
    for name in ("mnist-classifier", "smollm-text-generation"):
        assert graph.one(f"Service/{name}").inputs["spec"] == {
            "type": "ExternalName",
            "externalName": "inference-gateway.envoy-gateway.svc.cluster.local",
        }
        route = graph.one(f"HTTPRoute/{name}").inputs
        assert route["spec"]["parentRefs"] == [{"name": "inference", "namespace": "envoy-gateway"}]
        assert route["spec"]["hostnames"] == [f"{name}.default.svc.cluster.local", f"{name}.default.svc", f"{name}.default", name]
        assert route["metadata"]["namespace"] == graph.one(f"Service/{name}").inputs["metadata"]["namespace"] == "default"


def test_no_clock_of_the_gateway_cuts_a_stream(graph: Graph) -> None:
    for route in graph.of_kind("HTTPRoute"):
        assert all(rule["timeouts"] == {"request": "0s"} for rule in route.inputs["spec"]["rules"])


def test_the_mode_is_written_and_no_field_of_the_other_one(graph: Graph) -> None:
    knative, standard = graph.one(MNIST).inputs["metadata"], graph.one(V1).inputs["metadata"]
    assert knative["annotations"] == {
        "serving.kserve.io/deploymentMode": "Knative",
        "serving.kserve.io/enable-tag-routing": "true",
        "autoscaling.knative.dev/window": "60s",
        "autoscaling.knative.dev/scale-down-delay": "0s",
    }
    assert knative["labels"]["networking.knative.dev/visibility"] == "cluster-local"
    assert standard["annotations"] == {"serving.kserve.io/deploymentMode": "Standard", "serving.kserve.io/autoscalerClass": "external"}
    assert standard["labels"]["networking.kserve.io/visibility"] == "cluster-local"
    # Knative refuses both (knative/serving:pkg/apis/serving/fieldmask.go, kserve's validator).
    assert not {"terminationGracePeriodSeconds", "deploymentStrategy", "replicas"} & set(predictor(graph, MNIST))
    assert not {"canaryTrafficPercent", "containerConcurrency", "replicas"} & set(predictor(graph, V1))


def test_a_change_of_the_mode_replaces_what_kserve_would_refuse_to_change(graph: Graph) -> None:
    for service in graph.of_kind("InferenceService"):
        assert service.delete_before_replace
        assert service.replace_on_changes == ('metadata.annotations["serving.kserve.io/deploymentMode"]',)


def test_one_autoscaler_for_each_deployment(graph: Graph) -> None:
    scaled = {item.inputs["spec"]["scaleTargetRef"]["name"] for item in graph.of_kind("ScaledObject")}
    assert scaled == {"smollm-text-generation-predictor", "smollm-text-generation-v2-predictor"}
    assert len(graph.of_kind("ScaledObject")) == 2
    assert not graph.of_kind("HorizontalPodAutoscaler")
    # The autoscaler also has the bounds: nothing else sets the number of replicas.
    assert not {"minReplicas", "maxReplicas", "scaleMetric", "scaleTarget"} & set(predictor(graph, V1))
    knative = predictor(graph, MNIST)
    assert (knative["minReplicas"], knative["maxReplicas"], knative["scaleMetric"], knative["scaleTarget"]) == (1, 3, "concurrency", 10)


def test_a_scale_to_zero_is_no_lower_bound() -> None:
    scaled = serving(mnist={"scaling": {"metric": "rps", "target": 50, "scaleToZero": True}})
    assert (predictor(scaled, MNIST)["minReplicas"], predictor(scaled, MNIST)["scaleMetric"]) == (0, "rps")


def test_how_fast_replicas_follow_is_configuration() -> None:
    scaled = serving(mnist={"scaling": {"metric": "concurrency", "target": 5, "windowSeconds": 30, "scaleDownDelaySeconds": 90}})
    annotations = scaled.one(MNIST).inputs["metadata"]["annotations"]
    assert annotations["autoscaling.knative.dev/window"] == "30s"
    assert annotations["autoscaling.knative.dev/scale-down-delay"] == "90s"


def test_a_knative_service_is_reached_by_the_only_name_its_ingress_knows(graph: Graph) -> None:
    (rule,) = rules(graph, "mnist-classifier")
    assert rule["filters"] == [{"type": "URLRewrite", "urlRewrite": {"hostname": "mnist-classifier-predictor.default.svc.cluster.local"}}]
    assert rule["backendRefs"] == [{"name": "kourier-internal", "namespace": "kourier-system", "port": 80}]
    grant = graph.one("ReferenceGrant/default-mnist-classifier").inputs
    assert grant["metadata"]["namespace"] == "kourier-system"
    assert grant["spec"] == {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "default"}],
        "to": [{"group": "", "kind": "Service", "name": "kourier-internal"}],
    }
    assert graph.comes_after("HTTPRoute/mnist-classifier", "ReferenceGrant/default-mnist-classifier")


def test_while_a_canary_stands_the_service_describes_the_candidate(graph: Graph) -> None:
    found = predictor(graph, MNIST)
    assert (found["model"]["storageUri"], found["canaryTrafficPercent"]) == ("s3://models/mnist/b.pt", 10)
    assert "image" not in found["model"]


STABLE_ANEW = [CANARY[0] | {"weight": 100}, {**CANARY[0], "name": "v1-again", "weight": 0}]
"""The second step of a rollback: stable is described again, still dark."""


@pytest.mark.parametrize(
    ("mnist", "model", "percent"),
    [
        ({}, "s3://models/mnist/a.pt", None),
        ({"versions": canary(0)}, "s3://models/mnist/b.pt", 0),
        ({"versions": STABLE_ANEW}, "s3://models/mnist/a.pt", 0),
        ({"source": "s3://models/mnist/b.pt"}, "s3://models/mnist/b.pt", None),
        ({"versions": [canary(100)[1]]}, "s3://models/mnist/b.pt", None),
    ],
)
def test_every_step_of_a_canary(mnist: dict[str, Any], model: str, percent: int | None) -> None:
    graph = serving(mnist=mnist)
    found = predictor(graph, MNIST)
    assert (found["model"]["storageUri"], found.get("canaryTrafficPercent")) == (model, percent)
    checked = environment(graph, "mnist-classifier-smoke")
    assert (checked["MODEL"], checked["PERCENT"]) == (model, "100" if percent is None else str(percent))


def test_a_promotion_changes_nothing_of_the_pods() -> None:
    image = "registry.example/mnist:2"
    tried = predictor(serving(mnist={"versions": canary(10, image=image)}), MNIST)
    promoted = predictor(serving(mnist={"versions": [canary(100, image=image)[1]]}), MNIST)
    assert tried["model"]["image"] == image
    del tried["canaryTrafficPercent"]
    assert tried == promoted


def test_at_the_end_the_address_people_know_is_asked(graph: Graph) -> None:
    for name in ("mnist-classifier", "smollm-text-generation"):
        job = f"{name}-route"
        assert graph.comes_after(f"Job/{job}", f"HTTPRoute/{name}")
        assert environment(graph, job)["URL"] == graph.outputs["endpoints"][name]


def test_what_goes_first_when_a_service_is_removed(graph: Graph) -> None:
    """Destruction is the reverse: a ScaledObject before the Deployment it scales, a route before what it leads to."""
    for part in ("smollm-text-generation", "smollm-text-generation-v2"):
        assert graph.comes_after(f"ScaledObject/{part}-predictor", f"InferenceService/{part}")
    assert graph.comes_after("HTTPRoute/smollm-text-generation", V1)
    assert graph.comes_after("HTTPRoute/mnist-classifier", MNIST)


def test_checks_may_read_what_they_judge_and_nothing_else(graph: Graph) -> None:
    knative = json.dumps(graph.one("Role/mnist-classifier-smoke").inputs["rules"])
    standard = json.dumps(graph.one("Role/smollm-text-generation-smoke").inputs["rules"])
    assert "revisions" in knative
    assert "deployments" not in knative
    assert "deployments" in standard
    assert "knative" not in standard
    (rule,) = graph.one("Role/mnist-classifier-route").inputs["rules"]
    assert (rule["resources"], rule["resourceNames"], rule["verbs"]) == (["httproutes"], ["mnist-classifier"], ["get"])
