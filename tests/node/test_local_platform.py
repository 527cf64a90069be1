"""`make up` on the real node, and what happens to it afterwards.

In file order: each test starts from the platform that the one before it left. test_serverless.py and test_teardown.py go on from there.
"""

from __future__ import annotations

import base64
import json
import sys
import urllib.error
import urllib.request

import pytest

from scripts.mlops.reach import Endpoint
from tests import nodes
from tests.node import api_server, model_store, platform
from tests.node.recorded_stacks import written
from tests.waiting import wait_for

pytestmark = pytest.mark.node

BLANK = json.dumps({"instances": [[[0.0] * 28] * 28]}).encode()
PODS = "serving.kserve.io/inferenceservice=mnist-classifier"
SECONDS_TO_A_REASON = 120
"""A broken model has to be reported within two minutes."""


def post(to: Endpoint, body: bytes) -> tuple[int, str]:
    request = urllib.request.Request(to.url, body, {"Content-Type": "application/json", "Host": to.host})  # noqa: S310 (our own node)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_make_up_ends_with_a_real_prediction_even_when_it_was_killed_on_the_way(up: platform.Done) -> None:
    assert up.status == 0, up.output[-3000:]
    assert "the model says" in up.output
    assert platform.ADDRESS in up.output
    assert platform.processes_with(f"-root={nodes.ROOT}") == [], "the killed run left its program behind"


@pytest.mark.usefixtures("mnist")
def test_the_model_recognises_digits_it_never_saw() -> None:
    check = [sys.executable, "-m", "scripts.mlops.test_mnist_inference", "--url", platform.ADDRESS]
    # Other suites compute beside this one; how fast it is on cores of its own: test_serverless.py.
    sent = ["--requests", "400", "--concurrency", "4", "--max-p95-ms", "2000"]
    checked = platform.run(*check, *sent, "--json", environment=platform.shell())
    assert checked.status == 0, checked.output
    report = json.loads(checked.output[checked.output.index("{") :])
    assert report["accuracy"] >= 0.95
    assert report["success_rate"] == 1.0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"instances": []}',
        b'{"instances": [[1, 2], [3, 4]]}',
        b'{"instances": ["seven"]}',
        b'{"instances": [[[NaN]]]}',
    ],
    ids=["empty", "not JSON", "a list", "no instances", "no images", "wrong shape", "a string", "NaN"],
)
def test_a_malformed_request_is_the_callers_fault_and_says_why(mnist: Endpoint, body: bytes) -> None:
    status, reason = post(mnist, body)
    assert 400 <= status < 500
    assert len(reason) > 10


def test_ten_megabytes_are_refused_and_the_server_lives(mnist: Endpoint) -> None:
    status, _ = post(mnist, b'{"instances": [' + b"0," * 5_000_000 + b"0]}")
    assert 400 <= status < 500
    assert post(mnist, BLANK)[0] == 200


@pytest.mark.usefixtures("mnist")
def test_up_again_changes_nothing() -> None:
    again = platform.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert again.status == 0, again.output


@pytest.mark.usefixtures("mnist")
def test_refresh_finds_no_drift() -> None:
    refreshed = platform.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert refreshed.status == 0, refreshed.output


@pytest.mark.acceptance
@pytest.mark.usefixtures("mnist")
def test_refresh_finds_a_field_that_somebody_edited() -> None:
    platform.kubectl("label", "--overwrite", "inferenceservice", "mnist-classifier", "app.kubernetes.io/part-of=somebody-else")
    refreshed = platform.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert refreshed.status != 0
    assert platform.apply().status == 0
    owner = platform.kubectl(
        "get", "inferenceservice", "mnist-classifier", "--output", r"jsonpath={.metadata.labels.app\.kubernetes\.io/part-of}"
    )
    assert owner != "somebody-else"


@pytest.mark.acceptance
@pytest.mark.usefixtures("mnist")
def test_kserve_s_webhooks_admit_the_services_of_every_stack() -> None:
    """In a namespace of their own: beside the one that runs, a service of another mode would be a forbidden change of it."""
    platform.kubectl("create", "namespace", "admission")
    found = {key: {**item, "metadata": {**item["metadata"], "namespace": "admission"}} for key, item in written().items()}
    for item in found.values():
        if item["kind"] == "ServingRuntime":
            platform.kubectl("apply", "--server-side", "--filename", "-", stdin=json.dumps(item))
    services = {key: item for key, item in found.items() if item["kind"] == "InferenceService"}
    unknown = {"serving.kserve.io/autoscalerClass": "unknown"}
    wrong = {
        **services["local: InferenceService/mnist-classifier"],
        "metadata": {"name": "wrong", "namespace": "admission", "annotations": unknown},
    }
    (refusal,) = api_server.refusals(platform.kubectl, services | {"wrong": wrong})
    assert refusal.startswith("wrong: ")
    assert "admission webhook" in refusal
    platform.kubectl("delete", "namespace", "admission")


@pytest.mark.usefixtures("mnist")
def test_no_secret_stands_in_the_state_in_clear() -> None:
    secrets = json.loads(
        platform.kubectl("get", "secrets", "--all-namespaces", "--selector", "app.kubernetes.io/managed-by=pulumi", "--output", "json")
    )
    values = [
        base64.b64decode(value).decode(errors="ignore") for secret in secrets["items"] for value in (secret.get("data") or {}).values()
    ]
    passwords = [value for value in values if len(value) >= 20]
    assert passwords, "no generated password found: the check would be empty"
    state = platform.INSTANCE.state / "pulumi"
    texts = [path.read_text(errors="ignore") for path in state.rglob("*.json")]
    assert texts
    for password in passwords:
        for text in texts:
            assert password not in text
            assert base64.b64encode(password.encode()).decode() not in text


def test_a_wrong_model_key_fails_with_the_reason_within_two_minutes(mnist: Endpoint) -> None:
    failed = platform.apply(models__mnist_classifier__source="s3://models/mnist/absent.pt")
    assert failed.status != 0
    assert "absent.pt" in failed.output
    assert "No model found" in failed.output or "NoSuchKey" in failed.output
    assert "Traceback" not in failed.output
    assert failed.seconds < SECONDS_TO_A_REASON
    assert post(mnist, BLANK)[0] == 200, "the running model was taken down by a broken one"


@pytest.mark.acceptance
def test_a_replaced_model_changes_the_answer_and_a_deleted_one_stops_new_pods(mnist: Endpoint) -> None:
    """So the answers come from the store: no weights hide in the image."""
    first = post(mnist, BLANK)
    model_store.publish_other_model("mnist/other.pt")
    replaced = platform.apply(models__mnist_classifier__source="s3://models/mnist/other.pt")
    assert replaced.status == 0, replaced.output[-3000:]
    second = post(mnist, BLANK)
    assert second[0] == 200
    assert second != first

    model_store.delete_model("mnist/other.pt")
    platform.kubectl("delete", "pod", "--selector", PODS, "--wait=false")
    failed = "jsonpath={.items[*].status.initContainerStatuses[*].lastState.terminated.message}"
    wait_for(
        # A pod of the test before may still say that it lacks another one.
        lambda: "No model found in mnist/other.pt" in platform.kubectl("get", "pods", "--selector", PODS, "--output", failed),
        90,
        "the new pod to fail for want of its model",
    )

    assert platform.apply().status == 0
    assert post(mnist, BLANK) == first
