"""The answers that the admission gate takes for proof that a webhook works."""

from __future__ import annotations

import json

import pytest

from components.in_cluster import admission_probe, api

SAMPLE = json.dumps({"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService"})


class Cluster:
    def __init__(self) -> None:
        self.ready = [True]
        self.refusal: str | None = None
        self.filled_in: dict[str, str] = {}
        self.created: list[tuple[str, str]] = []

    def text(self, path: str, body: str | None = None) -> str:
        if body is None:
            assert path == (
                "/apis/discovery.k8s.io/v1/namespaces/kserve/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkserve-webhook"
            )
            endpoints = [{"conditions": {"ready": ready}} for ready in self.ready] or None
            return json.dumps({"items": [{"endpoints": endpoints}]})
        if self.refusal:
            raise OSError(self.refusal)
        self.created.append((path, body))
        return json.dumps({"metadata": {"annotations": self.filled_in}})


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setattr(api, "text", made.text)
    return made


def obstacle() -> str | None:
    return admission_probe.obstacle("kserve", "kserve-webhook", "inferenceservices", SAMPLE)


def test_an_admitted_sample_is_proof_and_stays_a_dry_run(cluster: Cluster) -> None:
    assert obstacle() is None
    assert cluster.created == [("/apis/serving.kserve.io/v1beta1/namespaces/kserve/inferenceservices?dryRun=All", SAMPLE)]


@pytest.mark.parametrize("ready", [[], [False, False]])
def test_without_a_ready_endpoint_nothing_is_asked(cluster: Cluster, ready: list[bool]) -> None:
    cluster.ready = ready
    assert obstacle() == "service kserve-webhook in namespace kserve has no ready endpoint"
    assert cluster.created == []


def test_a_refusal_is_told_in_the_servers_words(cluster: Cluster) -> None:
    cluster.refusal = "500: failed calling webhook: x509: certificate signed by unknown authority"
    assert "unknown authority" in (obstacle() or "")


def test_the_probe_ends_with_the_last_reason(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.ready = []
    for name, value in {"NAMESPACE": "kserve", "WEBHOOK_SERVICE": "kserve-webhook", "PLURAL": "inferenceservices"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SAMPLE", SAMPLE)
    monkeypatch.setenv("FILLED_IN", "[]")
    monkeypatch.setenv("PATIENCE_SECONDS", "0")
    assert admission_probe.main() == 1
    assert "has no ready endpoint" in capsys.readouterr().err


def test_an_object_that_no_webhook_saw_is_no_proof(cluster: Cluster) -> None:
    path = ["metadata", "annotations", "serving.knative.dev/creator"]
    said = admission_probe.obstacle("kserve", "kserve-webhook", "inferenceservices", SAMPLE, path)
    assert (
        said == "dry run of inferenceservices: it came back without metadata.annotations.serving.knative.dev/creator, so no webhook saw it"
    )
    cluster.filled_in = {"serving.knative.dev/creator": "gate"}
    assert admission_probe.obstacle("kserve", "kserve-webhook", "inferenceservices", SAMPLE, path) is None
