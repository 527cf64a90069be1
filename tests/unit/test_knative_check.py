"""The smoke check's verdict on Knative's answers: the newest revision is the wanted one, ready, and has its share of the requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from components.in_cluster import api, smoke_check
from components.in_cluster.smoke_check import SOURCE, CertainFailureError, Target, target_of

MODEL = "s3://models/mnist/b.pt"
IMAGE = "registry.example/mnist:1"
NEWEST, BEFORE = "mnist-classifier-predictor-00002", "mnist-classifier-predictor-00001"


def target(percent: int = 10) -> Target:
    return Target("default", "mnist-classifier", MODEL, IMAGE, "http://unused.invalid", percent=percent)


def revision(model: str = MODEL, image: str = IMAGE, **ready: str) -> dict[str, Any]:
    return {
        "metadata": {"name": NEWEST, "annotations": {SOURCE: model}},
        "spec": {"containers": [{"name": "kserve-container", "image": image}]},
        "status": {"conditions": [{"type": "Active", "status": "False"}, {"type": "Ready", **({"status": "True"} | ready)}]},
    }


def service(newest: int = 10, observed: int = 3, tags: bool = True, routed: str = "True") -> dict[str, Any]:
    traffic: list[dict[str, Any]] = [
        {"revisionName": NEWEST, "latestRevision": True, "percent": newest},
        {"revisionName": BEFORE, "latestRevision": False, "percent": 100 - newest},
    ]
    # A tag without a share has no percent at all.
    extra = [{"revisionName": NEWEST, "tag": "latest"}] if tags else []
    return {
        "metadata": {"generation": 3},
        "status": {
            "observedGeneration": observed,
            "latestCreatedRevisionName": NEWEST,
            "traffic": [*traffic, *extra],
            "conditions": [{"type": "RoutesReady", "status": routed, "reason": "Uninitialized", "message": "Waiting for load balancer"}],
        },
    }


def pod(of: str = NEWEST, restarts: int = 0) -> dict[str, Any]:
    ended = {"terminated": {"exitCode": 1}}
    state = {"name": "kserve-container", "restartCount": restarts, "state": {}, "lastState": ended if restarts else {}}
    # Knative runs the digest that it resolved the tag to.
    containers = [{"name": "kserve-container", "image": f"{IMAGE}@sha256:{'0' * 64}"}, {"name": "queue-proxy", "image": "queue"}]
    return {
        "metadata": {"name": f"{of}-x", "annotations": {SOURCE: MODEL}, "labels": {"serving.knative.dev/revision": of}},
        "spec": {"containers": containers},
        "status": {"containerStatuses": [state]},
    }


class Cluster:
    """The API server's answers, in place of the network."""

    def __init__(self) -> None:
        self.service: dict[str, Any] | None = service()
        self.revision = revision()
        self.pods: list[dict[str, Any]] = [pod()]

    def text(self, path: str, body: str | None = None) -> str:
        assert body is None
        answers: dict[str, Callable[[], Any]] = {
            "serving.knative.dev/v1/namespaces/default/services/mnist-classifier-predictor": lambda: self.service,
            f"revisions/{NEWEST}": lambda: self.revision,
            "/log?": lambda: "no module named torch",
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


def test_rolled_out_with_its_share(cluster: Cluster) -> None:
    assert cluster.pods
    assert smoke_check.not_rolled_out(target()) is None


def test_a_dark_candidate_is_ready_without_a_request(cluster: Cluster) -> None:
    cluster.service = service(newest=0)
    assert smoke_check.not_rolled_out(target(percent=0)) is None


def test_no_replica_is_fine_when_nobody_asks(cluster: Cluster) -> None:
    cluster.pods = []
    assert smoke_check.not_rolled_out(target()) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"service": None}, "has made no Knative Service mnist-classifier-predictor yet"),
        ({"service": service(observed=2)}, "has not observed Service mnist-classifier-predictor yet"),
        ({"revision": revision(model="s3://models/mnist/a.pt")}, "does not have model s3://models/mnist/b.pt"),
        ({"revision": revision(image="registry.example/mnist:0")}, "does not have model"),
        ({"revision": revision(status="Unknown", reason="Deploying")}, f"revision {NEWEST} is not ready: Deploying"),
        (
            {"revision": revision(status="False", reason="ProgressDeadlineExceeded", message="timed out")},
            "not ready: ProgressDeadlineExceeded",
        ),
        ({"service": service(newest=50)}, f"revision {NEWEST} gets 50 % of the requests, not 10; the others are {BEFORE}"),
    ],
)
def test_not_yet(cluster: Cluster, change: dict[str, Any], words: str) -> None:
    for name, value in change.items():
        setattr(cluster, name, value)
    assert words in (smoke_check.not_rolled_out(target()) or "")


def test_a_canary_without_a_version_before_it_is_told(cluster: Cluster) -> None:
    alone = service()
    alone["status"]["traffic"] = [{"revisionName": NEWEST, "latestRevision": True, "percent": 100}]
    cluster.service = alone
    assert "KServe splits nothing before a version has had all requests" in (smoke_check.not_rolled_out(target()) or "")


def test_an_image_that_does_not_exist_is_certain(cluster: Cluster) -> None:
    cluster.revision = revision(status="False", reason="ContainerMissing", message="MANIFEST_UNKNOWN")
    with pytest.raises(CertainFailureError, match="ContainerMissing MANIFEST_UNKNOWN"):
        smoke_check.not_rolled_out(target())


def test_a_crash_of_the_newest_is_certain_and_one_of_the_version_before_is_no_news(cluster: Cluster) -> None:
    cluster.pods = [pod(of=BEFORE, restarts=5), pod()]
    assert smoke_check.not_rolled_out(target()) is None
    cluster.pods = [pod(restarts=2)]
    with pytest.raises(CertainFailureError, match="no module named torch"):
        smoke_check.not_rolled_out(target())


def test_the_environment_chooses_mode_and_question() -> None:
    wanted = {"NAMESPACE": "default", "NAME": "a", "MODEL": MODEL, "IMAGE": IMAGE, "URL": "http://a", "REQUEST": "", "ANSWER": "{}"}
    assert target_of(wanted).percent is None
    chosen = target_of({**wanted, "PERCENT": "0", "REQUEST": '{"prompt": "a"}', "ANSWER": '{"type": "object"}'})
    assert (chosen.percent, chosen.request, chosen.answer) == (0, '{"prompt": "a"}', '{"type": "object"}')


def test_a_share_that_the_ingress_has_not_heard_of_is_none(cluster: Cluster) -> None:
    cluster.service = service(routed="Unknown")
    assert smoke_check.not_rolled_out(target()) == "the ingress does not lead to it yet: Uninitialized Waiting for load balancer"
