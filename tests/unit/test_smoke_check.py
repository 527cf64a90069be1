"""The smoke check's verdict on a cluster's answers: right, not yet, or certainly failed, with the reason."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from components.in_cluster import api, smoke_check
from components.in_cluster.answers import not_answering
from components.in_cluster.smoke_check import SOURCE, CertainFailureError, Target
from components.serving.model import Model
from stacks.config import parse
from tests.model_files import whole

DIGITS = Model(name="mnist-classifier", entry=parse(whole(mnist={}), "dev").models["mnist-classifier"]).question
REQUEST, SCHEMA = DIGITS.request or "", DIGITS.answer
MODEL = "s3://models/mnist/a.pt"
IMAGE = "registry.example/mnist:1"
ANSWER = {"predictions": [{"class": 3, "probabilities": [0.0, 0.1, 0.1, 0.7, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0]}]}


def target(url: str = "http://unused.invalid") -> Target:
    return Target("default", "mnist-classifier", MODEL, IMAGE, url)


def template(model: str = MODEL, image: str = IMAGE) -> dict[str, Any]:
    return {"metadata": {"annotations": {SOURCE: model}}, "spec": {"containers": [{"name": "kserve-container", "image": image}]}}


def deployment(pod_template: dict[str, Any] | None = None, **changes: int) -> dict[str, Any]:
    status = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    return {"metadata": {"generation": 2}, "spec": {"replicas": 1, "template": pod_template or template()}, "status": status | changes}


def pod(model: str = MODEL, **status: list[dict[str, Any]]) -> dict[str, Any]:
    made = template(model)
    made["metadata"]["name"] = "mnist-1"
    return {**made, "status": {"phase": "Pending", **status}}


def failed_initializer(restarts: int, now: bool = False) -> dict[str, Any]:
    ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
    return {
        "name": "storage-initializer",
        "restartCount": restarts,
        "state": ended if now else {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
        "lastState": ended if restarts else {},
    }


class Cluster:
    """The API server's answers, in place of the network."""

    def __init__(self) -> None:
        self.service: dict[str, Any] = {"metadata": {}, "status": {}}
        self.pods: list[dict[str, Any]] = []
        self.deployment: dict[str, Any] | None = deployment()
        self.log = "botocore: NoSuchKey"
        self.asked: list[str] = []

    def text(self, path: str, body: str | None = None) -> str:
        assert body is None
        self.asked.append(path)
        if "/log?" in path:
            return self.log
        answers: dict[str, Callable[[], Any]] = {
            "inferenceservices/": lambda: self.service,
            "deployments/": lambda: self.deployment,
            "pods?": lambda: {"items": self.pods},
        }
        found = next(make() for part, make in answers.items() if part in path)
        if found is None:
            raise OSError("404: not found")
        return json.dumps(found)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setattr(api, "text", made.text)
    return made


def test_rolled_out(cluster: Cluster) -> None:
    assert smoke_check.not_rolled_out(target()) is None
    assert any("deployments/mnist-classifier-predictor" in path for path in cluster.asked)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "has made no Deployment"),
        (deployment(template(model="s3://models/mnist/old.pt")), "does not have model s3://models/mnist/a.pt"),
        (deployment(template(image="registry.example/mnist:0")), "does not have model"),
        (deployment(observedGeneration=1), "not observed yet"),
        (deployment(updatedReplicas=0), "0 of 1 replicas updated"),
        (deployment(availableReplicas=0), "0 available"),
        (deployment(replicas=2), "2 in all"),
    ],
)
def test_not_yet(cluster: Cluster, state: dict[str, Any] | None, words: str) -> None:
    cluster.deployment = state
    assert words in (smoke_check.not_rolled_out(target()) or "")


def test_one_failed_download_may_be_a_store_that_is_just_starting(cluster: Cluster) -> None:
    cluster.deployment = deployment(availableReplicas=0)
    cluster.pods = [pod(initContainerStatuses=[failed_initializer(restarts=0, now=True)])]
    assert "0 available" in (smoke_check.not_rolled_out(target()) or "")


@pytest.mark.parametrize("state", [failed_initializer(restarts=2), failed_initializer(restarts=1, now=True)])
def test_two_failed_downloads_are_certain_and_told_with_the_last_words(cluster: Cluster, state: dict[str, Any]) -> None:
    cluster.pods = [pod(initContainerStatuses=[state])]
    with pytest.raises(CertainFailureError, match=r"storage-initializer failed 2 times with exit code 1: botocore: NoSuchKey"):
        smoke_check.not_rolled_out(target())
    (log,) = [path for path in cluster.asked if "/log?" in path]
    assert ("previous=true" in log) == ("waiting" in state["state"])


def test_a_pod_of_the_version_before_is_no_news(cluster: Cluster) -> None:
    cluster.pods = [pod(model="s3://models/mnist/old.pt", initContainerStatuses=[failed_initializer(restarts=5)])]
    assert smoke_check.not_rolled_out(target()) is None


def test_an_image_name_that_can_not_be_is_certain(cluster: Cluster) -> None:
    waiting = {"name": "kserve-container", "state": {"waiting": {"reason": "InvalidImageName", "message": "no such"}}}
    cluster.pods = [pod(containerStatuses=[waiting])]
    with pytest.raises(CertainFailureError, match="InvalidImageName: no such"):
        smoke_check.not_rolled_out(target())


def test_the_report_fits_a_termination_message_and_starts_with_the_problem(cluster: Cluster) -> None:
    unscheduled = [{"type": "PodScheduled", "status": "False", "message": "Insufficient cpu " + "ü" * 9000}]
    cluster.pods = [pod(conditions=unscheduled)]
    cluster.service["status"] = {
        "conditions": [
            {"type": "PredictorReady", "status": "False", "reason": "MinimumReplicasUnavailable", "message": "none"},
            {"type": "IngressReady", "status": "True"},
            {"type": "Stopped", "status": "False", "severity": "Info"},
        ],
        "modelStatus": {
            "transitionStatus": "BlockedByFailedLoad",
            "lastFailureInfo": {"reason": "ModelLoadFailed", "message": "starting\n403\n"},
        },
    }
    text = smoke_check.report(target(), "it is late")
    assert text.startswith("InferenceService default/mnist-classifier does not serve s3://models/mnist/a.pt: it is late\n")
    for words in ("PredictorReady False: MinimumReplicasUnavailable", "BlockedByFailedLoad: ModelLoadFailed 403", "Insufficient cpu"):
        assert words in text
    for words in ("IngressReady", "Stopped", "starting"):
        assert words not in text
    assert len(text.encode()) <= 4096


def test_an_image_that_brings_its_model_is_awaited_without_an_address(cluster: Cluster) -> None:
    without = Target("default", "counter", "", IMAGE, "http://unused.invalid")
    bare = {"metadata": {}, "spec": {"containers": [{"name": "kserve-container", "image": IMAGE}]}}
    cluster.deployment = deployment(bare)
    assert smoke_check.not_rolled_out(without) is None
    assert without.content == f"what {IMAGE} brings"
    cluster.deployment = deployment(template())
    assert "does not have model none" in (smoke_check.not_rolled_out(without) or "")


@contextmanager
def server(status: int, body: bytes) -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            got.append(self.path)
            self.answer()

        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer()

        def answer(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}", got
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def predicted(**changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Return a right answer with some values changed."""
    return json.dumps({"predictions": [{**ANSWER["predictions"][0], **changes}]}).encode()


def test_one_blank_image_is_sent_and_a_right_answer_is_enough() -> None:
    with server(200, json.dumps(ANSWER).encode()) as (url, got):
        assert not_answering(url, REQUEST, SCHEMA) is None
    (image,) = got[0]["instances"]
    assert image == [[0.0] * 28] * 28


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (503, b"model is not ready", "answers 503: model is not ready"),
        (200, b"<html>", "the answer is not JSON: <html>"),
        (200, b"{}", "the answer has no predictions: {}"),
        (200, b'{"predictions": []}', "the answer.predictions has a number of items of 0, not 1"),
        (200, predicted(probabilities=[1 / 9] * 9), "the answer.predictions[0].probabilities has a number of items of 9, not 10"),
        (200, predicted(probabilities=[0.5] * 9 + [1.5]), "the answer.predictions[0].probabilities[9] has a value of 1.5, not 1"),
        (200, predicted(probabilities=[float("nan")] * 10), "the answer.predictions[0].probabilities[0] has a value of nan, not 1"),
        (200, predicted(**{"class": 10}), "the answer.predictions[0].class has a value of 10, not 9"),
        (200, predicted(**{"class": "3"}), "the answer.predictions[0].class"),
    ],
)
def test_a_wrong_answer_is_a_problem(status: int, body: bytes, words: str) -> None:
    with server(status, body) as (url, _):
        assert words in (not_answering(url, REQUEST, SCHEMA) or "")


def environment(monkeypatch: pytest.MonkeyPatch, url: str, patience: str) -> None:
    wanted = {"NAMESPACE": "default", "NAME": "mnist-classifier", "MODEL": MODEL, "IMAGE": IMAGE, "URL": url, "PATIENCE_SECONDS": patience}
    for name, value in {**wanted, "REQUEST": REQUEST, "ANSWER": SCHEMA}.items():
        monkeypatch.setenv(name, value)


def test_the_whole_check_succeeds(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cluster.pods == []
    with server(200, json.dumps(ANSWER).encode()) as (url, _):
        environment(monkeypatch, url, patience="10")
        assert smoke_check.main() == 0


def test_a_certain_failure_ends_the_check_at_once(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.pods = [pod(initContainerStatuses=[failed_initializer(restarts=2)])]
    environment(monkeypatch, "http://unused.invalid", patience="600")
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    assert smoke_check.main() == 1
    assert "NoSuchKey" in capsys.readouterr().out


@pytest.mark.parametrize(("status", "body"), [(400, b"too long"), (422, b"no such field"), (200, b"{}")])
def test_a_ready_model_that_answers_wrongly_is_not_asked_for_long(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int, body: bytes
) -> None:
    assert cluster.pods == []
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with server(status, body) as (url, got):
        environment(monkeypatch, url, patience="600")
        assert smoke_check.main() == 1
    assert len(got) == smoke_check.WRONG_ANSWERS
    assert ("answers" if status != 200 else "the answer has no predictions") in capsys.readouterr().out


@pytest.mark.parametrize("status", [404, 429, 503])
def test_a_route_or_a_server_that_is_not_there_yet_is_asked_again(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    assert cluster.pods == []
    rounds = iter(range(20))
    with server(status, b"not yet") as (url, got):
        environment(monkeypatch, url, patience="600")

        def patience_ends(_: float) -> None:
            if next(rounds) == 15:
                raise InterruptedError

        monkeypatch.setattr(time, "sleep", patience_ends)
        with pytest.raises(InterruptedError):
            smoke_check.main()
    assert len(got) == 16


def test_impatience_ends_the_check_with_the_last_problem(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.deployment = None
    environment(monkeypatch, "http://unused.invalid", patience="0")
    assert smoke_check.main() == 1
    assert "has made no Deployment mnist-classifier-predictor yet" in capsys.readouterr().out
