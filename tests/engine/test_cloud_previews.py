"""dev and prod on the real engine with the policy pack: everything in the preview, nothing that a rule refuses; and refusals.

Needs the Pulumi CLI and the mirror's manifests; neither an API server nor an account. Where the official aws plugin is absent the
bench's simulation stands in, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policies.rules.catalogue import RULES
from policies.rules.rule import Rule
from policies.settings import for_stack
from scripts.preview.cost import cost, resources
from scripts.preview.plan import Cluster
from stacks.supply import ADVISED, NEEDED
from tests import stack_files
from tests.eks import KARPENTER
from tests.engine.previews import Machine, Preview, Scratch, this_machine, with_stand_in_digests
from tests.managed import custom

pytestmark = pytest.mark.engine

KINDS = {
    # Part of the platform → a resource type that it always has and no other part has here.
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


MISTAKES: Mapping[str, Any] = {
    "certManager": {"replicas": 1},
    "gpu__nodes": {"min": 1, "max": 60},
    # No mistake: a committed stack has no bucket, and rules about buckets need one to look at.
    "modelStore": {"backend": "s3", "bucket": "models"},
    # The price of its instances is unknown.
    "models__forms": custom(source="s3://models/forms"),
}
HOPS = ('"http_put_response_hop_limit": 1', '"http_put_response_hop_limit": 2')
RUNS = {"dev": "dev", "prod": "prod", "mistakes": "prod", "karpenter": "prod"}
"""Each preview's stack."""

REFUSED = {
    # Rule → words of its message, with the resource.
    "controllers-replicated": "Release cert-manager: ",
    "every-price-known": "EndpointConfiguration forms: prices.json has no price of ml.m5.large in eu-central-1",
    "monthly-budget": "stack prod: at its largest it costs $",
    "node-credentials-kept": "LaunchTemplate gpu: metadataOptions.httpPutResponseHopLimit is 2",
}


@pytest.fixture(scope="module")
def machine() -> Machine:
    return this_machine()


@pytest.fixture(scope="module")
def previewed(tmp_path_factory: pytest.TempPathFactory, machine: Machine) -> Callable[[str], Preview]:
    """`dev`, `prod`, prod with `karpenter`, or with `mistakes`: three in its stack file and one in a component; each is previewed once."""

    @cache
    def preview(name: str) -> Preview:
        folder = tmp_path_factory.mktemp(name)
        if name == "dev":
            return Scratch(folder, "dev", machine).preview()
        program, digested = with_stand_in_digests(tmp_path_factory.mktemp("program"), machine)
        if name == "prod":
            return Scratch(folder, "prod", digested, program=program).preview()
        if name == "karpenter":
            return Scratch(folder, "prod", digested, {"gpu": {**KARPENTER, "nodes": {"max": 3}}}, program).preview()
        _mistaken(program / "components/aws/node_pool.py", *HOPS)
        values = stack_files.prod(**MISTAKES)
        changes = {key.partition("__")[0]: values[key.partition("__")[0]] for key in MISTAKES}
        return Scratch(folder, "prod", digested, changes, program).preview()

    return preview


def _mistaken(file: Path, right: str, wrong: str) -> None:
    text = file.read_text()
    assert text.count(right) == 1
    file.write_text(text.replace(right, wrong))


@pytest.fixture(params=["dev", "prod"])
def preview(request: pytest.FixtureRequest, previewed: Callable[[str], Preview]) -> Preview:
    return previewed(request.param)


def test_the_whole_platform_is_in_a_first_preview(preview: Preview) -> None:
    assert preview.code == 0, preview.text[-4000:]
    missing = [part for part, kind in KINDS.items() if not preview.types[kind]]
    assert not missing
    assert {change.name for change in preview.plan.changes if change.type == KINDS["charts"]} == RELEASES
    assert {change.operation for change in preview.plan.changes} == {"create"}
    assert preview.types[KINDS["node pools"]] == 2


def test_no_rule_refuses_anything_and_each_could_be_evaluated(preview: Preview) -> None:
    """A rule that can't be evaluated is a violation itself (policies/analyzer.py)."""
    assert [pack.partition("|")[0] for pack in preview.plan.packs] == ["inference-platform"]
    assert preview.plan.violations == ()


def test_karpenter_takes_the_place_of_the_node_group(previewed: Callable[[str], Preview]) -> None:
    preview = previewed("karpenter")
    assert preview.code == 0, preview.text[-4000:]
    assert preview.plan.violations == ()
    kinds = ("kubernetes:karpenter.sh/v1:NodePool", "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", "aws:sqs/queue:Queue")
    assert [preview.types[kind] for kind in (*kinds, KINDS["node pools"], "aws:cloudwatch/eventRule:EventRule")] == [1, 1, 1, 1, 5]
    charts = {change.name for change in preview.plan.changes if change.type == KINDS["charts"]}
    assert charts == {*RELEASES, "karpenter", "karpenter-crd"}
    priced = cost(preview.plan)
    fixed = cost(previewed("prod").plan)
    assert priced
    assert fixed
    # Three nodes of the same type at most, as in prod's node group.
    one, other = ({price.component: price for price in found.prices}["GPU nodes"] for found in (priced, fixed))
    assert (one.minimum, one.maximum) == (0, other.maximum)


def test_every_rule_has_something_to_look_at(previewed: Callable[[str], Preview]) -> None:
    """In what the engine planned of dev, of prod, and of prod with its models in a bucket."""
    seen = [(for_stack(stack), resource) for name, stack in RUNS.items() for resource in resources(previewed(name).plan)]
    idle = [
        rule.name
        for rule in RULES
        if not any(rule.matches(resource, settings) if isinstance(rule, Rule) else rule.matches(resource) for settings, resource in seen)
    ]
    assert idle == []


def test_mistakes_fail_the_preview_and_are_named_with_their_fix(previewed: Callable[[str], Preview]) -> None:
    found = previewed("mistakes")
    assert found.code != 0
    assert found.types["aws:sagemaker/endpoint:Endpoint"] == 1
    assert {violation.policy for violation in found.plan.violations} == REFUSED.keys()
    assert all(violation.mandatory for violation in found.plan.violations)
    fixes = {rule.name: rule.fix for rule in RULES}
    for rule, words in REFUSED.items():
        # The text that a person reads, not only the event.
        assert rule in found.text
        assert words in found.text
        assert f"Fix: {fixes[rule]}" in found.text


def test_a_preview_says_that_aws_is_simulated_and_which_artifacts_have_no_digest(previewed: Callable[[str], Preview]) -> None:
    text = previewed("dev").text
    assert "aws is simulated" in text
    assert "artifacts in components/artifacts.lock.json (" in text
    assert " more): `make lock`" in text
    assert "artifacts.lock.json" not in previewed("prod").text


def test_the_summary_counts_and_prices_what_the_engine_planned(preview: Preview) -> None:
    """Read from the event log of the same run; what a summary says of it is in tests/unit/preview."""
    assert f"+ {len(preview.plan.changes)} to create" in preview.text
    assert preview.plan.cluster is Cluster.NOT_YET
    assert preview.plan.complete
    priced = cost(preview.plan)
    assert priced
    components = {price.component: price for price in priced.prices}
    assert {"control plane", "system nodes", "GPU nodes", "NAT gateways", "volumes"} <= components.keys()
    assert 0 < components["system nodes"].minimum < components["system nodes"].maximum


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_clean_clone_shows_the_whole_plan_and_one_list_of_what_an_up_needs(tmp_path: Path, machine: Machine, stack: str) -> None:
    """No images, no digests: what an `up` of this stack refuses is no violation of a policy."""
    clean = Scratch(tmp_path, stack, machine, {"images": {}}).preview()
    assert clean.code == 0, clean.text[-4000:]
    assert [part for part, kind in KINDS.items() if not clean.types[kind]] == []
    assert clean.plan.violations == ()
    assert clean.plan.needs[0] == NEEDED
    assert clean.plan.needs[1].startswith("  image of mnist-classifier's server: `docker build ")
    (lock,) = [line for line in clean.plan.needs if line.endswith("`make lock`")]
    assert (clean.plan.needs.index(lock) < clean.plan.needs.index(ADVISED)) is (stack == "prod")


def test_prod_without_images_by_digest_is_refused_before_anything_else(tmp_path: Path, machine: Machine) -> None:
    images = {**stack_files.IMAGES_BY_DIGEST, stack_files.MNIST: {"server": "registry.example/mnist:1"}}
    done = Scratch(tmp_path, "prod", machine, {"images": images}).pulumi("preview")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Pulumi.prod.yaml: inference-platform:images: safeguards.digests: required needs every image as" in text
    assert "Traceback" not in text


def test_an_up_of_prod_with_an_incomplete_lock_makes_nothing(tmp_path: Path, machine: Machine) -> None:
    done = Scratch(tmp_path, "prod", machine).pulumi("up", "--yes", "--skip-preview")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert NEEDED in text
    assert "`make lock`" in text
    assert "Traceback" not in text
    (state,) = [path for path in (tmp_path / "state").rglob("prod.json") if "stacks" in path.parts]
    kept = json.loads(state.read_text())["checkpoint"]["latest"].get("resources") or []
    assert {resource["type"] for resource in kept} <= {"pulumi:pulumi:Stack"}
