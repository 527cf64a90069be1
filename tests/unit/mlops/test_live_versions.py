"""SmolLM's versions as the cluster has them, and the changes that would take something from their users now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts import live_versions
from scripts.live_state import Object, Version
from scripts.live_versions import Running, Versions, read, refused
from stacks.config import StackConfig, parse
from tests.service_files import version, whole

A, B = "s3://models/smollm/v1", "s3://models/smollm/v2"
MODEL = {"storageUri": A}
READY = {"type": "Ready", "status": "True"}
UP = {"observedGeneration": 2, "conditions": [{"type": "PredictorReady", "status": "True"}, READY]}


def service(status: dict[str, Any], name: str = "smollm-text-generation-v1", model: dict[str, str] = MODEL) -> Object:
    return {"metadata": {"name": name, "generation": 2}, "spec": {"predictor": {"model": model}}, "status": status}


def route(*weights: int, accepted: str = "True", observed: int = 3) -> Object:
    backends = [{"name": f"smollm-text-generation-v{number}-predictor", "weight": weight} for number, weight in enumerate(weights, 1)]
    conditions = [{"type": kind, "status": accepted, "observedGeneration": observed} for kind in ("Accepted", "ResolvedRefs")]
    group = {"matches": [{"headers": []}], "backendRefs": [{"name": "smollm-text-generation-v2-predictor"}]}
    return {
        "metadata": {"generation": 3},
        "spec": {"parentRefs": [{"name": "gateway"}], "rules": [group, {"backendRefs": backends}]},
        "status": {"parents": [{"parentRef": {"name": "gateway"}, "conditions": conditions}]},
    }


def test_versions_are_read_with_the_weights_of_the_rule_for_everybody() -> None:
    other = service({}, "smollm-text-generation-v2", {"storageUri": B, "image": "vllm.example/vllm:2"})
    assert read([service(UP), other], route(90, 10)) == Versions(
        {"v1": Running(Version(A), "True"), "v2": Running(Version(B, "vllm.example/vllm:2"), "Unknown")}, {"v1": 90, "v2": 10}
    )


@pytest.mark.parametrize(
    ("status", "ready", "reason"),
    [
        ({**UP, "observedGeneration": 1}, "Unknown", "KServe has not seen it as it is"),
        ({"conditions": [{"type": "Ready", "status": "False", "reason": "A", "message": "b"}]}, "False", "A b"),
    ],
)
def test_readiness_is_of_what_is_asked_for_now(status: dict[str, Any], ready: str, reason: str) -> None:
    assert read([service(status)], None).running["v1"] == Running(Version(A), ready, reason)


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
    assert said in (read([], found).unaccepted or "")


def config(*versions: dict[str, Any]) -> StackConfig:
    return parse(whole(smollm={"versions": list(versions)}), "local")


LIVE = read([service(UP), service(UP, "smollm-text-generation-v2", {"storageUri": B})], route(90, 10))


def test_weights_may_go_anywhere_and_who_has_none_may_go() -> None:
    assert not refused(config(version("v1", 0), version("v2", 100)), LIVE)
    assert not refused(config(version("v1", 90), version("v2", 10), version("v3", 0)), LIVE)
    assert not refused(config(version("v1", 100)), read([service(UP)], route(100, 0)))


def test_a_version_with_users_does_not_just_go() -> None:
    (reason,) = refused(config(version("v1", 100)), LIVE)
    assert "v2 gets 10 % of the requests; give it weight 0 first" in reason


def test_a_version_with_users_is_not_made_another_one_in_its_place() -> None:
    (reason,) = refused(config({**version("v1", 90), "model": "s3://models/smollm/new"}, version("v2", 10)), LIVE)
    assert reason.startswith("services.smollm.versions[0]: v1 gets 90 % of the requests as s3://models/smollm/v1, and would restart")
    idle = read([service(UP), service(UP, "smollm-text-generation-v2", {"storageUri": B})], route(100, 0))
    assert not refused(config(version("v1", 100), {**version("v2", 0), "model": "s3://models/smollm/new"}), idle)


def test_a_cluster_is_not_asked_where_the_service_is_not_wanted(tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path)}
    assert live_versions.refusals(parse(whole(mnist={}), "local"), nowhere) == []
