"""dev and prod on the real engine, as if nothing existed yet: everything in the preview, in time, and prod's refusals.

Needs the Pulumi CLI and the mirror's manifests; neither an API server nor an account. Where the official aws plugin is absent the
bench's simulation stands in, and says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench import aws_models, build, manifests, mirror
from bench.environment import missing_clients, own_path
from scripts.cloud.preview import scratch_stack, tools
from scripts.preview.cost import cost
from scripts.preview.plan import Cluster, Plan, read
from tests.stack_files import IMAGES_BY_DIGEST

pytestmark = pytest.mark.engine

BUDGET_SECONDS = 60
"""13 to 17 s were measured on two idle cores (docs/measurements.md); the suites beside this one take their share."""

KINDS = {
    # What each part of the platform cannot be without, by the type that only it has here.
    "network": "aws:ec2/vpc:Vpc",
    "cluster": "aws:eks/cluster:Cluster",
    "node pools": "aws:eks/nodeGroup:NodeGroup",
    "add-ons": "aws:eks/addon:Addon",
    "from-zero tags": "aws:autoscaling/tag:Tag",
    "charts": "kubernetes:helm.sh/v3:Release",
    "CRDs of manifests": "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
    "KEDA's metrics": "kubernetes:apiregistration.k8s.io/v1:APIService",
    "gateway": "kubernetes:gateway.networking.k8s.io/v1:Gateway",
    "store": "kubernetes:apps/v1:StatefulSet",
    "services": "kubernetes:serving.kserve.io/v1beta1:InferenceService",
    "autoscaling": "kubernetes:keda.sh/v1alpha1:ScaledObject",
    "routes": "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
}
RELEASES = {
    "cert-manager",
    "cluster-autoscaler",
    "gateway-helm",
    "gpu-operator",
    "kserve-crd",
    "kserve-resources",
    "kube-prometheus-stack",
    "prometheus-operator-crds",
}


@dataclass(frozen=True)
class Preview:
    code: int
    text: str
    seconds: float
    steps: list[dict[str, Any]]
    plan: Plan

    @property
    def types(self) -> Counter[str]:
        return Counter(step["urn"].split("::")[2].rpartition("$")[2] for step in self.steps)


@pytest.fixture(scope="module")
def machine() -> tuple[dict[str, str], dict[str, object]]:
    """The environment and the mirror of `make preview`, with the tools that this machine lacks."""
    if missing_clients(own_path(os.environ["PATH"])):
        build.ensure()
    aws_models.ensure()
    mirror.ensure(manifests.TABLE)
    return tools({key: value for key, value in os.environ.items() if key != "PULUMI_BACKEND_URL"})


def pulumi(
    folder: Path, stack: str, machine: tuple[dict[str, str], dict[str, object]], command: list[str], images: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    environment, place = machine
    environment = {**environment, "PULUMI_DEBUG_COMMANDS": "true"}  # unlocks --event-log
    config_file, environment = scratch_stack(folder, stack, {"mirror": place, "images": images}, environment)
    arguments = ["--stack", stack, "--config-file", str(config_file), "--non-interactive", "--color=never"]
    return subprocess.run(
        ["pulumi", *command, *arguments], env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module", params=["dev", "prod"])
def preview(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, machine: tuple[dict[str, str], Any]) -> Preview:
    folder = tmp_path_factory.mktemp(request.param)
    began = time.monotonic()
    log = folder / "events.json"
    done = pulumi(folder, request.param, machine, ["preview", "--json", "--event-log", str(log)], IMAGES_BY_DIGEST)
    seconds = time.monotonic() - began
    text = done.stdout + done.stderr
    return Preview(done.returncode, text, seconds, json.loads(done.stdout)["steps"] if done.returncode == 0 else [], read(log))


def test_the_whole_platform_is_in_a_first_preview(preview: Preview) -> None:
    assert preview.code == 0, preview.text[-4000:]
    missing = [part for part, kind in KINDS.items() if not preview.types[kind]]
    assert not missing
    releases = {step["urn"].rpartition("::")[2] for step in preview.steps if ":helm.sh/v3:Release" in step["urn"]}
    assert releases == RELEASES
    assert {step["op"] for step in preview.steps} == {"create"}
    assert preview.types["aws:eks/nodeGroup:NodeGroup"] == 2


def test_a_preview_is_within_its_budget(preview: Preview) -> None:
    assert preview.seconds < BUDGET_SECONDS


def test_a_preview_says_that_aws_is_simulated_and_which_artifacts_have_no_digest(preview: Preview) -> None:
    assert "artifacts have no digest in components/artifacts.lock.json" in preview.text
    assert "ghcr.io/kedacore/keda:2.21.0" in preview.text


def test_the_summary_counts_and_prices_what_the_engine_planned(preview: Preview) -> None:
    """Read from the event log of the same run; what a summary says of it is in tests/unit/preview."""
    assert {change.urn for change in preview.plan.changes} == {step["urn"] for step in preview.steps}
    assert {change.operation for change in preview.plan.changes} == {"create"}
    assert preview.plan.cluster is Cluster.NOT_YET
    assert preview.plan.complete
    priced = cost(preview.plan)
    assert priced
    components = {price.component: price for price in priced.prices}
    assert {"control plane", "system nodes", "GPU nodes", "NAT gateways", "volumes"} <= components.keys()
    assert 0 < components["system nodes"].minimum < components["system nodes"].maximum


def test_prod_without_images_by_digest_is_refused_before_anything_else(tmp_path: Path, machine: tuple[dict[str, str], Any]) -> None:
    images = {"mnist": "registry.example/mnist:1", "mnistWeights": IMAGES_BY_DIGEST["mnistWeights"]}
    done = pulumi(tmp_path, "prod", machine, ["preview"], images)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Pulumi.prod.yaml: inference-platform:images: safeguards.digests: required wants every image as" in text
    assert "Traceback" not in text


def test_an_up_of_prod_with_an_incomplete_lock_makes_nothing(tmp_path: Path, machine: tuple[dict[str, str], Any]) -> None:
    done = pulumi(tmp_path, "prod", machine, ["up", "--yes", "--skip-preview"], IMAGES_BY_DIGEST)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "safeguards.digests: required" in text
    assert "run `make lock`" in text
    assert "Traceback" not in text
    (state,) = [path for path in (tmp_path / "state").rglob("prod.json") if "stacks" in path.parts]
    kept = json.loads(state.read_text())["checkpoint"]["latest"].get("resources") or []
    assert {resource["type"] for resource in kept} <= {"pulumi:pulumi:Stack"}
