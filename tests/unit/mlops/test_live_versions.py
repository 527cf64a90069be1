"""Versions in Standard mode as the cluster has them, and the changes that would take something from their users now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.serving.model import Model
from components.serving.model_service import ModelService
from components.serving.modes import MODE
from scripts.live_models import refusals
from scripts.live_state import Content, Object
from scripts.live_versions import Running, Versions, read, refused
from stacks.config import parse
from tests.model_files import text_generation, version, whole

A, B = "s3://models/smollm/v1", "s3://models/smollm/v2"
MODEL = {"storageUri": A}
READY = {"type": "Ready", "status": "True"}
UP = {"observedGeneration": 2, "conditions": [{"type": "PredictorReady", "status": "True"}, READY]}


def service(status: dict[str, Any], name: str = "llama", model: dict[str, str] = MODEL) -> Object:
    return {"metadata": {"name": name, "generation": 2}, "spec": {"predictor": {"model": model}}, "status": status}


def route(*weights: int, accepted: str = "True", observed: int = 3) -> Object:
    parts = ["llama", "llama-v2"]
    backends = [{"name": f"{part}-predictor", "weight": weight} for part, weight in zip(parts, weights, strict=False)]
    conditions = [{"type": kind, "status": accepted, "observedGeneration": observed} for kind in ("Accepted", "ResolvedRefs")]
    group = {"matches": [{"headers": []}], "backendRefs": [{"name": "llama-v2-predictor"}]}
    return {
        "metadata": {"generation": 3},
        "spec": {"parentRefs": [{"name": "gateway"}], "rules": [group, {"backendRefs": backends}]},
        "status": {"parents": [{"parentRef": {"name": "gateway"}, "conditions": conditions}]},
    }


def test_versions_are_read_with_the_weights_of_the_rule_for_everybody() -> None:
    other = service({}, "llama-v2", {"storageUri": B, "image": "vllm.example/vllm:2"})
    assert read("llama", [service(UP), other], route(90, 10)) == Versions(
        {"v1": Running(Content(A), "True"), "v2": Running(Content(B, "vllm.example/vllm:2"), "Unknown")}, {"v1": 90, "v2": 10}
    )


@pytest.mark.parametrize(
    ("status", "ready", "reason"),
    [
        ({**UP, "observedGeneration": 1}, "Unknown", "KServe has not processed its latest change"),
        ({"conditions": [{"type": "Ready", "status": "False", "reason": "A", "message": "b"}]}, "False", "A b"),
    ],
)
def test_readiness_is_of_what_is_asked_for_now(status: dict[str, Any], ready: str, reason: str) -> None:
    assert read("llama", [service(status)], None).running["v1"] == Running(Content(A), ready, reason)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "there is no route"),
        (route(100, observed=2), "has not said yet whether the route is Accepted"),
        (route(100, accepted="False"), "Accepted False"),
        ({**route(100), "status": {}}, "no gateway has taken the route yet"),
    ],
)
def test_a_route_stands_when_the_gateway_says_so(found: Object | None, said: str) -> None:
    assert said in (read("llama", [], found).unaccepted or "")


def model(*versions: dict[str, Any], **given: Any) -> Model:  # noqa: ANN401 - any YAML
    return Model(name="llama", entry=ModelService.model_validate(text_generation(versions=list(versions), **given)))


LIVE = read("llama", [service(UP), service(UP, "llama-v2", {"storageUri": B})], route(90, 10))


def test_weights_may_go_anywhere_and_who_has_none_may_go() -> None:
    assert not refused(model(version("v1", 0), version("v2", 100)), LIVE)
    assert not refused(model(version("v1", 90), version("v2", 10), version("v3", 0)), LIVE)
    assert not refused(model(version("v1", 100)), read("llama", [service(UP)], route(100, 0)))


def test_a_version_with_users_does_not_just_go() -> None:
    (reason,) = refused(model(version("v1", 100)), LIVE)
    assert "v2 gets 10 % of the requests; give it weight 0 first" in reason


def test_a_version_with_users_is_not_made_another_one_in_its_place() -> None:
    (reason,) = refused(model({**version("v1", 90), "source": "s3://models/smollm/new"}, version("v2", 10)), LIVE)
    assert reason.startswith("models.llama.versions[0]: v1 gets 90 % of the requests as s3://models/smollm/v1, and would restart")
    idle = read("llama", [service(UP), service(UP, "llama-v2", {"storageUri": B})], route(100, 0))
    assert not refused(model(version("v1", 100), {**version("v2", 0), "source": "s3://models/smollm/new"}), idle)


def test_a_model_without_gpus_may_be_replaced_where_it_stands_alone() -> None:
    """Its new pods are ready before the old ones go."""
    cpu: dict[str, Any] = {"server": {"kind": "custom", "image": "llama:1"}, "scaling": {"metric": "cpu"}}
    alone = Model(name="llama", entry=ModelService.model_validate({**cpu, "source": "s3://models/smollm/new"}))
    assert not refused(alone, read("llama", [service(UP)], route(100)))
    beside = [{"name": "v1", "source": "s3://models/smollm/new", "weight": 100}, {"name": "v2", "source": B, "weight": 0}]
    listed = Model(name="llama", entry=ModelService.model_validate({**cpu, "versions": beside}))
    assert refused(listed, read("llama", [service(UP)], route(100, 0)))


def test_without_a_route_the_plain_service_leads_to_the_first_version() -> None:
    found = read("llama", [service(UP)], None)
    assert (found.weights, found.is_routed) == ({"v1": 100}, False)
    (reason,) = refused(model(version("v2", 100)), found)
    assert "v1 gets 100 % of the requests; give it weight 0 first" in reason


def test_the_move_from_knative_mode_replaces_the_whole_object() -> None:
    knative = {**service(UP), "metadata": {"name": "llama", "generation": 2, "annotations": {MODE: "Knative"}}}
    ingress = {**route(), "spec": {"parentRefs": [{}], "rules": [{"backendRefs": [{"name": "kourier-internal"}]}]}}
    found = read("llama", [knative], ingress)
    assert (found.on_knative, found.weights) == (True, {})
    assert not refused(model(version("v2", 100)), found)


def test_a_preview_asks_about_every_model_and_its_mode(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\n')
    kubectl.chmod(0o755)
    third = {"server": {"kind": "custom", "image": "fraud:1"}, "namespace": "default", "scaling": {"metric": "rps"}}
    beside = [{"name": "v1", "weight": 90}, {"name": "v2", "image": "fraud:2", "weight": 10}]
    config = parse(whole(smollm={}, models={"fraud": {**third, "versions": beside}}), "local")
    reasons = refusals(config, {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert [reason.partition(":")[0] for reason in reasons] == ["models.fraud.versions"]
    asked = (tmp_path / "asked").read_text()
    assert "get inferenceservices.serving.kserve.io fraud " in asked
    assert "get httproutes.gateway.networking.k8s.io smollm-text-generation " in asked


def test_no_cluster_is_asked_where_there_is_no_model(tmp_path: Path) -> None:
    assert refusals(parse(whole(), "local"), {"PATH": str(tmp_path)}) == []
