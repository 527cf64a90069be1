"""What measures a candidate, and what a person sees: against a real server, a Prometheus of canned answers, and a kubectl of words."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest

from components.observability.queries import ServedModel
from components.observability.variants import revisions, versions
from scripts import live_state
from scripts.errors import DriverError
from scripts.mlops import rollout
from scripts.mlops.delivery.display import Table
from scripts.mlops.delivery.gates import Window, Windows
from scripts.mlops.delivery.journal import Judged
from scripts.mlops.delivery.plan import Named, Side, Sides, Step
from scripts.mlops.delivery.probes import Question, probing
from scripts.mlops.delivery.prometheus import reading
from scripts.mlops.delivery.rehearsal import rehearse
from scripts.mlops.delivery.services import Kubectl
from scripts.mlops.mnist_requests import predicted_class
from scripts.mlops.prometheus import Prometheus
from scripts.mlops.reach import Endpoint
from tests.unit.mlops.fake_platform import B, World
from tests.unit.mlops.prometheus_server import prometheus
from tests.unit.mlops.stub_server import Received, Reply, one_hot, serving
from tests.waiting import wait_for

CANDIDATE, STABLE = "mnist-00002", "mnist-00001"
REVISIONS = revisions(ServedModel(name="mnist", namespace="default"))
QUESTION = Question(b"{}", predicted_class)
"""Of no digit: the stub reads no question, and real ones take a second of every process to load."""


def sides(candidate: str, stable: str | None) -> Sides:
    return Sides(Side(CANDIDATE, candidate), Side(STABLE, stable) if stable else None)


def right(_: Received) -> Reply:
    return Reply(one_hot(3))


def failing(_: Received) -> Reply:
    return Reply({"error": "broken"}, status=500)


def test_probes_measure_each_version_at_its_own_address() -> None:
    with serving(failing) as bad, serving(right) as good, probing(sides(bad, good), QUESTION, rate=200, environment={}) as probes:
        wait_for(lambda: probes.look().stable.requests >= 20 and probes.look().candidate.requests >= 20, 10, "probes")
        windows = probes.look()
    assert windows.candidate.errors == windows.candidate.requests
    assert windows.stable.errors == 0
    assert windows.stable.p95_seconds is not None
    assert 0 < windows.stable.p95_seconds < 1


def test_a_stable_version_that_is_out_of_the_route_is_not_probed() -> None:
    with serving(right) as good, probing(sides(good, None), QUESTION, rate=200, environment={}) as probes:
        wait_for(lambda: probes.look().candidate.requests >= 5, 10, "probes")
        assert probes.look().stable == Window()


def test_prometheus_by_https_shows_the_certificate_of_the_name_that_pods_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, certificate, key = "p.monitoring.svc", tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", f"/CN={name}"]
    subprocess.run([*made, "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with prometheus({"up": "3"}, [], (certificate, key)) as url:
        at = f"{url.rstrip('/')}/api/v1"
        assert Prometheus(Endpoint(at, f"{name}:9090")).value("up") == 3
        with pytest.raises(DriverError, match=r"does not answer: .*certificate"):
            Prometheus(Endpoint(at, "another.monitoring.svc")).value("up")


def test_prometheus_is_asked_for_requests_errors_and_p95_of_each_revision() -> None:
    answers = {
        rf'histogram_quantile.*revision="{CANDIDATE}"': "0.045",
        rf'_count.*revision="{CANDIDATE}".*5\.\.': "3.02",
        rf'_count.*revision="{CANDIDATE}"': "120.4",
        rf'_count.*revision="{STABLE}"}}': "900",
        rf'histogram_quantile.*revision="{STABLE}"': "NaN",
    }
    queries: list[str] = []
    with prometheus(answers, queries) as url, reading(sides("unused", "unused"), url, REVISIONS, {}) as found:
        assert found.look() == Windows(stable=Window(900, 0, None), candidate=Window(120, 3, 0.045))
    assert all('namespace="default"' in query and "[60s]" in query for query in queries)


def test_of_versions_it_is_asked_for_what_vllm_counts() -> None:
    part = "smollm-text-generation-v2"
    queries: list[str] = []
    answers = {"histogram_quantile": "1.25", "5xx": "2", "http_requests_total": "40"}
    smollm = versions(ServedModel(name="smollm-text-generation", namespace="default"))
    with prometheus(answers, queries) as url, reading(Sides(Side(part, "unused"), None), url, smollm, {}) as found:
        assert found.look() == Windows(candidate=Window(40, 2, 1.25))
    labels = f'{{namespace="default",inferenceservice="{part}"'
    assert queries == [
        f'sum(increase(http_requests_total{labels},handler=~"/v1/.+"}}[60s]))',
        f'sum(increase(http_requests_total{labels},handler=~"/v1/.+",status="5xx"}}[60s]))',
        f"histogram_quantile(0.95, sum by (le) (increase(vllm:e2e_request_latency_seconds_bucket{labels}}}[60s])))",
    ]


def test_a_prometheus_that_does_not_answer_is_said() -> None:
    with reading(sides("unused", None), "http://127.0.0.1:9", REVISIONS, {}) as found, pytest.raises(DriverError, match="does not answer"):
        found.look()


def test_a_table_shows_a_line_for_each_step() -> None:
    out = io.StringIO()
    table = Table(out)
    windows = Windows(stable=Window(900, 9, 0.010), candidate=Window(100, 0, 0.0123))
    table.show(Step("10 %", 10, {}), 3, windows, "watching")
    table.settle(Judged("10 %", 10, "good", "", 61.0, windows))
    head, line = out.getvalue().splitlines()
    assert line.split() == ["10", "%", "10", "%", "900", "1.0%", "10.0", "ms", "100", "0.0%", "12.3", "ms", "61", "good"]
    assert line.index("100") + 3 == head.index("candidate: requests") + len("candidate: requests")


class Previewer:
    def preview(self, text: str, folder: Path) -> str:
        assert folder.is_dir()
        return f"preview of {json.loads(text)['config']['inference-platform:services']['mnist']['canary']}"


def test_a_dry_run_says_every_step_and_changes_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)

    said = rehearse(world.rollout(), Previewer(), Named(B), (10, 100))
    assert [line.split()[0] for line in said.splitlines()[1:5]] == ["dark", "10", "99", "promote"]
    assert "stable anew    services.mnist.model: s3://models/mnist/a.pt; services.mnist.canary: {percent: 0}" in said
    assert said.endswith(f"preview of {{'model': '{B}', 'percent': 0}}")
    assert (world.written, world.ups, world.journal.exists()) == ([], [], False)


def test_a_dry_run_says_why_the_rollout_would_be_refused(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.kserve.mode = "Standard"
    said = rehearse(world.rollout(), Previewer(), Named(B), (10, 100))
    assert "the first step is refused" in said
    assert "Standard mode" in said
    assert "preview of" not in said


def kubectl(folder: Path, script: str) -> dict[str, str]:
    program = folder / "kubectl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert live_state.observe(kubectl(tmp_path, "exit 0")) is None


def test_a_kind_that_the_cluster_does_not_have_is_not_there(tmp_path: Path) -> None:
    environment = kubectl(tmp_path, """echo "error: the server doesn't have a resource type \\"revisions\\"" >&2; exit 1""")
    assert live_state.get(environment, "revisions.serving.knative.dev") is None


def test_a_cluster_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="refused"):
        live_state.observe(kubectl(tmp_path, "echo the connection was refused >&2; exit 1"))


def test_the_pods_of_a_revision_are_asked_for_by_its_label(tmp_path: Path) -> None:
    pods = Kubectl(
        kubectl(tmp_path, """echo "$*" >&2; case "$*" in *serving.knative.dev/revision=r1*) echo '{"items": [{"a": 1}]}';; esac""")
    )
    assert pods.pods("r1") == [{"a": 1}]
    assert pods.pods("r2") == []


@pytest.mark.parametrize("steps", ["", "ten", "50,10", "10,10", "0,10", "10,101"])
def test_steps_that_are_none_are_refused(steps: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        rollout.arguments(["--stack", "local", "--model", B, "--steps", steps])
    assert ended.value.code == 2
    assert "rising percentages" in capsys.readouterr().err


def test_one_command_does_one_thing() -> None:
    assert rollout.arguments(["--stack", "local", "--model", B]).steps == (10, 50, 100)
    for words in (["--rollback", "--model", B], ["--rollback", "--image", "a:1"], [], ["--status", "--rollback"]):
        with pytest.raises(SystemExit):
            rollout.arguments(["--stack", "local", *words])
