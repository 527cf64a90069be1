"""The budget and the prices behind it, through Pulumi's interface and over the committed stacks."""

from __future__ import annotations

import pytest

from policies.cost import Estimate, price
from policies.prices import PriceList, Prices
from policies.rules import cost
from policies.rules.resource import Resource
from policies.settings import for_stack
from tests.graph.stacks import recorded
from tests.policies.analyzer_harness import UNKNOWN, Registered, findings
from tests.policies.good_aws import ABSENT, KARPENTER, stack

ROUND = Prices(
    "eu-central-1",
    [
        PriceList.model_validate(
            {
                "source": "round numbers of a test",
                "date": "2026-01-01",
                "instances": {"m7i.xlarge": 0.1, "g6.xlarge": 1, "g5.xlarge": 2, "ml.m5.large": 0.5},
                "units": {"cluster-hour": 0.1, "nat-hour": 0.05, "endpoint-hour": 0.01, "gp3-gib-month": 0.1, "ipv4-hour": 0.005},
            }
        )
    ],
)
HOURS = 730


def priced(resources: list[Registered]) -> Estimate:
    return price([Resource(each.type, each.name, each.inputs) for each in resources], ROUND)


def test_a_month_at_minimum_and_at_maximum_by_component() -> None:
    found = priced(stack("gpu", "instanceTypes", ["g6.xlarge", "g5.xlarge"]))
    assert found.unpriced == ()
    assert found.by_component() == {
        "control plane": (73.0, 73.0),
        "system nodes": pytest.approx((3 * 0.1 * HOURS, 9 * 0.1 * HOURS)),
        # AWS may choose the dearest of several types, so that one counts.
        "GPU nodes": (0.0, 3 * 2 * HOURS),
        "volumes": pytest.approx((3 * 50 * 0.1, 9 * 50 * 0.1 + 3 * 200 * 0.1)),
        "NAT gateways": (36.5, 36.5),
        "endpoints": (14.6, 14.6),
    }
    assert found.maximum == pytest.approx(73 + 657 + 4380 + 105 + 36.5 + 14.6)


def test_a_pool_of_karpenter_costs_nothing_while_it_is_empty_and_its_limit_at_most() -> None:
    found = priced(stack(good=KARPENTER))
    assert found.unpriced == ()
    costs = found.by_component()
    assert costs["GPU nodes"] == (0.0, 3 * 2 * HOURS)
    assert costs["volumes"] == pytest.approx((3 * 50 * 0.1, 9 * 50 * 0.1 + 3 * 200 * 0.1))


@pytest.mark.parametrize(
    ("changed", "path", "says"),
    [
        ("pool", "spec/limits/nodes", "NodePool pool: has no limit of nodes"),
        ("class", "spec/blockDeviceMappings", "NodePool pool: EC2NodeClass class names no disk size"),
        ("class", "", "NodePool pool: has no launch template or EC2NodeClass of its name"),
    ],
)
def test_a_pool_of_karpenter_without_a_limit_or_a_disk_has_no_price(changed: str, path: str, says: str) -> None:
    (reason,) = priced(stack(changed, path, ABSENT, good=KARPENTER)).unpriced
    assert reason.startswith(says)


VOLUMES = [
    (
        "kubernetes:apps/v1:StatefulSet",
        {"spec": {"replicas": 4, "volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": "100Gi"}}}}]}},
        40.0,
    ),
    ("kubernetes:core/v1:PersistentVolumeClaim", {"spec": {"resources": {"requests": {"storage": "1Ti"}}}}, 102.4),
    (
        "kubernetes:helm.sh/v3:Release",
        {
            "values": {
                "spec": {"replicas": 2, "storage": {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "20Gi"}}}}}}
            }
        },
        4.0,
    ),
]


@pytest.mark.parametrize(("token", "inputs", "monthly"), VOLUMES)
def test_volumes_that_pods_claim(token: str, inputs: dict[str, object], monthly: float) -> None:
    more = priced([*stack(), Registered(token, "data", inputs)]).maximum - priced(stack()).maximum
    assert more == pytest.approx(monthly)


def test_a_managed_endpoint_costs_its_fewest_and_its_most_instances() -> None:
    scaled = priced(stack("managed", "kmsKeyArn", "arn:aws:kms:key"))
    assert scaled.by_component()["managed endpoints"] == pytest.approx((0.5 * HOURS, 3 * 0.5 * HOURS))
    assert scaled.unpriced == ()
    assert priced(stack("managed-AllTraffic")).by_component()["managed endpoints"] == pytest.approx((0.5 * HOURS, 0.5 * HOURS))


def test_a_serverless_endpoint_costs_nothing_by_the_hour() -> None:
    found = priced(stack("managed", "productionVariants", [{"variantName": "AllTraffic", "serverlessConfig": {"maxConcurrency": 5}}]))
    assert "managed endpoints" not in found.by_component()
    assert found.unpriced == ()


def test_an_endpoint_without_a_price_says_so() -> None:
    (found,) = findings(stack("managed", "kmsKeyArn", "arn:aws:kms:key"), "prod", cost.RULES)
    assert found.rule == "every-price-known"
    assert "EndpointConfiguration managed: prices.json has no price of ml.m5.large in eu-central-1; run `make prices" in found.message


def test_a_password_that_nobody_knows_yet_is_no_volume() -> None:
    release = Registered("kubernetes:helm.sh/v3:Release", "grafana", {"values": {"adminPassword": UNKNOWN, "replicas": 1}})
    assert findings([*stack(), release], "prod", cost.RULES) == []


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("kubernetes:core/v1:Service", {"spec": {"type": "LoadBalancer"}}),
        ("kubernetes:helm.sh/v3:Release", {"values": {"proxies": {"envoyService": {"type": "LoadBalancer"}}}}),
    ],
)
def test_a_load_balancer_has_no_price_in_the_file_and_says_so(token: str, inputs: dict[str, object]) -> None:
    (found,) = findings([*stack(), Registered(token, "front", inputs)], "prod", cost.RULES)
    assert found.rule == "every-price-known"
    assert "front: prices.json has no nlb-hour in eu-central-1; run `make prices REGION=eu-central-1`" in found.message


def test_a_type_that_nobody_has_priced_is_a_violation() -> None:
    (found,) = findings(stack("gpu", "instanceTypes", ["g7e.48xlarge"]), "prod", cost.RULES)
    assert found.rule == "every-price-known"
    assert "NodeGroup gpu: prices.json has no price of g7e.48xlarge" in found.message


def test_another_region_has_none_of_the_prices() -> None:
    found = findings(stack("aws", "region", "eu-north-1"), "prod", cost.RULES)
    assert {finding.rule for finding in found} == {"every-price-known"}
    assert any("cluster-hour in eu-north-1" in finding.message for finding in found)


def test_a_pool_over_the_budget_is_named_with_the_total() -> None:
    (found,) = findings(stack("gpu", "scalingConfig/maxSize", 40), "prod", cost.RULES)
    assert found.rule == "monthly-budget"
    assert "at its largest it costs $31,906 a month" in found.message
    assert f"${for_stack('prod').monthly_budget_usd:,.0f} is the budget of prod" in found.message
    assert "gpu up to $29,387 (40 x g6.xlarge)" in found.message
    assert "system up to $1,587 (9 x m7i.xlarge)" in found.message
    assert "nodes.max" in found.message


@pytest.mark.parametrize("path", ["scalingConfig/maxSize", "instanceTypes", "scalingConfig"])
def test_a_size_that_nobody_knows_passes_no_rule(path: str) -> None:
    found = findings(stack("gpu", path, UNKNOWN), "prod", cost.RULES)
    assert [finding.rule for finding in found] == ["every-price-known"]
    assert "is not known in a preview" in found[0].message


def test_disks_that_nobody_knows_pass_no_rule() -> None:
    for broken in (stack("gpu-template"), stack("gpu-template", "blockDeviceMappings", [])):
        assert [finding.rule for finding in findings(broken, "prod", cost.RULES)] == ["every-price-known"]


def test_a_region_that_nobody_knows_passes_no_rule() -> None:
    found = findings(stack("aws", "region", UNKNOWN), "prod", cost.RULES)
    assert {finding.rule for finding in found} == {"monthly-budget", "every-price-known"}
    assert all("could not evaluate" in finding.message for finding in found)


def test_a_cluster_without_a_provider_is_no_free_cluster() -> None:
    found = findings(stack("aws"), "prod", cost.RULES)
    assert [finding.rule for finding in found] == ["every-price-known"]
    assert "Cluster cluster: no AWS provider gives its region" in found[0].message


@pytest.mark.parametrize(("name", "least", "most"), [("dev", 481, 2717), ("prod", 1762, 4356)])
def test_the_committed_stacks_are_within_their_budgets(name: str, least: float, most: float) -> None:
    resources = [Registered(each.type, each.name, each.inputs, each.protect) for each in recorded(name) if each.custom]
    assert findings(resources, name, cost.RULES) == []
    found = cost.estimate([Resource(each.type, each.name, each.inputs) for each in resources])
    assert found.minimum == pytest.approx(least, abs=1)
    assert found.maximum == pytest.approx(most, abs=1)
    assert found.unpriced == ()
    assert 1.25 * found.maximum < for_stack(name).monthly_budget_usd < 1.5 * found.maximum, "a budget that nothing reaches says nothing"
