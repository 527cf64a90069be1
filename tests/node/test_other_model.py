"""A third model that no code knows, by an overlay file alone: deployed, rolled out, rolled back, observed, and removed again.

In file order: each test starts from the platform that the one before it left.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.mlops.reach import Endpoint, reachable
from tests.node import platform
from tests.node.rollouts import ROLLED_BACK, Checkout, built, rolled
from tests.node.test_local_platform import post
from tests.node.upstream_crds import definition

pytestmark = pytest.mark.node

NAME = "word-counter"
FOLDER = Path(__file__).with_name("word_counter")
ADDRESS = f"http://{NAME}.default.svc.cluster.local/count"
QUESTION = json.dumps({"text": "of two words"}).encode()
MONITORED = 'inference-platform:monitoring: {prometheusUrl: "http://prometheus.monitoring.svc.cluster.local:9090", grafana: true}'
MONITORING = ("PodMonitor", "ServiceMonitor", "PrometheusRule")
GATES = ("--interval", "8", "--min-requests", "100", "--max-p95-ratio", "10")
"""Short and coarse: two releases of the same program differ by the noise of a busy machine only. With 20 requests one stall was the P95."""


def image(release: str) -> str:
    return built(FOLDER, NAME, release)


def objects(kind: str) -> dict[str, Any]:
    found = platform.kubectl.json("get", kind, "--namespace", "default")["items"]
    return {item["metadata"]["name"]: item for item in found}


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("overlay") / f"{NAME}.yaml"
    file.write_text((FOLDER / "overlay.yaml").read_text().replace("IMAGE", image("first")))
    return file


@pytest.fixture(scope="module")
def counter(up: platform.Done, overlay: Path) -> Iterator[Endpoint]:
    """The third model on the platform that stands, until the last test of this file."""
    assert up.status == 0, up.output[-3000:]
    try:
        deployed(overlay)
        with reachable(ADDRESS, platform.shell()) as found:
            yield found
    finally:
        removed = platform.local("up", "--without", NAME)
        assert removed.status == 0, removed.output[-3000:]
        assert NAME not in objects("inferenceservices")


@pytest.fixture(scope="module")
def observed(counter: Endpoint, overlay: Path) -> Iterator[Endpoint]:
    """The same beside a monitoring stack, for which its CRDs stand in: what is asked is that everything is made, and that the API server
    takes it. tests/alerts and tests/engine/test_alerts.py ask whether rules and dashboards are right.
    """
    definitions = [definition("monitoring.coreos.com", kind) for kind in MONITORING]
    crds = json.dumps({"apiVersion": "v1", "kind": "List", "items": definitions})
    platform.kubectl("apply", "--server-side", "--filename", "-", stdin=crds)
    platform.kubectl("wait", "--for=condition=Established", "--timeout=120s", "--filename", "-", stdin=crds)
    plain = overlay.read_text()
    try:
        overlay.write_text(f"{plain}  {MONITORED}\n")
        deployed(overlay)
        yield counter
    finally:
        overlay.write_text(plain)
        deployed(overlay)
        platform.kubectl("delete", "--ignore-not-found", "--filename", "-", stdin=crds)


def deployed(overlay: Path) -> None:
    done = platform.local("up", "--with", str(overlay))
    assert done.status == 0, done.output[-3000:]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout.made(tmp_path_factory.mktemp("checkouts"))


def test_it_answers_at_the_address_that_follows_from_its_name(counter: Endpoint) -> None:
    status, answer = post(counter, QUESTION)
    assert (status, json.loads(answer)) == (200, {"words": 3, "release": "1", "unit": "words"})


@pytest.mark.usefixtures("counter")
def test_its_secret_stands_in_no_pod_in_clear() -> None:
    pods = platform.kubectl("get", "pods", "--selector", f"serving.kserve.io/inferenceservice={NAME}", "--output", "json")
    assert json.loads(pods)["items"]
    assert "in-no-pod-in-clear" not in pods
    assert "in-no-pod-in-clear" not in platform.kubectl("get", "servingruntimes", "--output", "json")


def test_a_release_is_rolled_out_and_back_and_no_request_is_lost(counter: Endpoint, checkout: Checkout) -> None:
    before = checkout.stack_file
    forward = rolled(checkout, counter, QUESTION, "--model-name", NAME, "--image", image("second"), "--steps", "50,100", *GATES)
    assert forward.status == 0, forward.report
    assert forward.failures == {}
    assert json.loads(post(counter, QUESTION)[1])["release"] == "2"
    back = rolled(checkout, counter, QUESTION, "--model-name", NAME, "--rollback")
    assert back.failures == {}
    assert json.loads(post(counter, QUESTION)[1])["release"] == "1"
    assert checkout.stack_file == before


def test_a_release_that_refuses_what_stable_takes_is_found_and_taken_back(counter: Endpoint, checkout: Checkout) -> None:
    before = checkout.stack_file
    began = time.monotonic()
    done = rolled(checkout, counter, QUESTION, "--model-name", NAME, "--image", image("refusing"), *GATES)
    assert done.status == ROLLED_BACK, f"{time.monotonic() - began:.0f} s: {done.report}"
    # The fault begins after so many requests: while a step is watched, or in the update of the next one, whose check meets it.
    assert re.search("requests failed|answers 400", done.report["going_back"]), done.report
    assert json.loads(post(counter, QUESTION)[1])["release"] == "1"
    assert checkout.stack_file == before


@pytest.mark.usefixtures("observed")
def test_its_dashboard_alerts_objectives_and_monitor_are_made() -> None:
    alerts = [
        rule
        for item in objects("prometheusrules").values()
        for group in item["spec"]["groups"]
        for rule in group["rules"]
        if rule.get("labels", {}).get("service") == NAME
    ]
    names = {rule.get("alert") or rule["record"].split(":")[0] for rule in alerts}
    assert {"LatencyP95High", "InferenceErrorRateHigh", "InferenceServiceNotReady", "AvailabilityBudgetBurn", "LatencyBudgetBurn"} <= names
    assert "slo" in names
    dashboards = [item for item in objects("configmaps").values() if "grafana_dashboard" in item["metadata"].get("labels", {})]
    titles = [json.loads(content)["title"] for item in dashboards for content in item["data"].values()]
    assert f"Inference / {NAME}" in titles
    (endpoint, _queue_proxy) = objects("podmonitors")[NAME]["spec"]["podMetricsEndpoints"]
    assert (endpoint["portNumber"], endpoint["path"]) == (9000, "/metrics")
