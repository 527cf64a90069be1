"""The price file: what is in it, how old it is, and how it is asked for anew."""

from __future__ import annotations

import json
import warnings
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from policies.prices import FILE, MAX_AGE_DAYS, PriceFile, PriceList, prices, read, render
from scripts.cloud import prices as script
from scripts.cloud.prices import main
from tests.stack_files import dev, prod
from tests.unit.cloud.machine import Machine, refused

OLD = PriceFile(
    regions={
        "eu-central-1": [
            PriceList(
                source="a list from long ago", date=date(2024, 1, 1), instances={"m7i.xlarge": 9, "p2.xlarge": 9}, units={"nat-hour": 9}
            )
        ],
        "eu-west-1": [PriceList(source="another", date=date(2024, 1, 1), instances={"m7i.xlarge": 8}, units={})],
    }
)


def product(usage: str, usd: str, unit: str = "Hrs", **dimension: str) -> str:
    """One element of the API's answer, which is a text."""
    return json.dumps(
        {
            "product": {"attributes": {"usagetype": usage}},
            "terms": {"OnDemand": {"a": {"priceDimensions": {"b": {"unit": unit, "pricePerUnit": {"USD": usd}, **dimension}}}}},
        }
    )


def words(**filters: str) -> str:
    return " ".join(f"Type=TERM_MATCH,Field={field},Value={value}" for field, value in filters.items())


def answers() -> dict[str, Any]:
    """AWS' answers for eu-central-1: by service and filters; nothing for a service that is not there."""
    return {
        words(instanceType="m7i.xlarge"): {"PriceList": [product("EUC1-BoxUsage:m7i.xlarge", "0.2415000000")]},
        words(instanceType="g6.xlarge"): {"PriceList": [product("EUC1-BoxUsage:g6.xlarge", "1.0064000000")]},
        "AmazonSageMaker": {
            "PriceList": [
                product("EUC1-Host:ml.m5.large", "0.138"),
                product("EUC1-Host:ml.g6.xlarge", "1.4"),
                product("EUC1-ServerlessInf:Mem-2GB", "0.00004", "seconds"),
            ]
        },
        "AmazonEKS": {"PriceList": [product("EUC1-AmazonEKS-Hours:perCluster", "0.1"), product("EUC1-AmazonEKS-Hours:extended", "0.5")]},
        words(tenancy="Shared"): {"PriceList": []},
        "Type=TERM_MATCH,Field=productFamily,Value=VpcEndpoint": {"PriceList": [product("EUC1-VpcEndpoint-Hours", "0.012")]},
        words(volumeApiName="gp3"): {
            "PriceList": [product("EUC1-EBS:VolumeUsage.gp3", "0.0952", "GB-Mo"), product("EUC1-EBS:VolumeP-IOPS.gp3", "0.006", "IOPS-Mo")]
        },
        "AWSELB": {"PriceList": [product("EUC1-LoadBalancerUsage", "0.027"), product("EUC1-LCUUsage", "0.006")]},
        "AmazonVPC": {"PriceList": [product("EUC1-PublicIPv4:InUseAddress", "0.005"), product("EUC1-PublicIPv4:IdleAddress", "0.006")]},
        "AmazonEC2": {
            "PriceList": [
                product("EUC1-NatGateway-Hours", "0.052"),
                product("EUC1-RegionalNatGateway-Hours", "0.06"),
                product("EUC1-NatGateway-Bytes", "0.052", "GB"),
            ]
        },
    }


@pytest.fixture
def file(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An old file, on a machine whose AWS knows the prices of today."""
    monkeypatch.setattr(script, "GPU_INSTANCES", {"g6.xlarge": None})
    machine.answer(answers())
    path = machine.folder / "prices.json"
    path.write_text(render(OLD))
    return path


def test_the_file_has_what_aws_answers(file: Path, machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eu-central-1"], file) == 0
    (new,) = PriceFile.model_validate_json(file.read_text()).regions["eu-central-1"]
    assert new.instances == {"g6.xlarge": 1.0064, "m7i.xlarge": 0.2415, "ml.g6.xlarge": 1.4, "ml.m5.large": 0.138}
    assert new.units == {
        "cluster-hour": 0.1,
        "nat-hour": 0.052,
        "endpoint-hour": 0.012,
        "gp3-gib-month": 0.0952,
        "nlb-hour": 0.027,
        "ipv4-hour": 0.005,
    }
    assert new.date == datetime.now(UTC).date()
    assert "AWS Price List API" in new.source
    assert "eu-central-1 does not have: p2.xlarge" in capsys.readouterr().out
    assert all(call[call.index("--region") + 1] == "us-east-1" for call in machine.asked())


def test_it_asks_for_linux_on_a_shared_machine_on_demand(file: Path, machine: Machine) -> None:
    main(["eu-central-1"], file)
    (asked,) = [call for call in machine.asked() if "Type=TERM_MATCH,Field=instanceType,Value=g6.xlarge" in call]
    assert asked[:4] == ["pricing", "get-products", "--service-code", "AmazonEC2"]
    filters = dict(word.removeprefix("Type=TERM_MATCH,Field=").split(",Value=") for word in asked if word.startswith("Type="))
    assert filters == {
        "regionCode": "eu-central-1",
        "instanceType": "g6.xlarge",
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "marketoption": "OnDemand",
    }


def test_it_asks_once_for_all_managed_endpoints_and_again_for_no_name_of_theirs(file: Path, machine: Machine) -> None:
    assert [main(["eu-central-1"], file) for _ in range(2)] == [0, 0]
    hosting = "Type=TERM_MATCH,Field=component,Value=Hosting"
    assert [hosting in call for call in machine.asked() if "AmazonSageMaker" in call] == [True, True]
    assert not [call for call in machine.asked() if any("Value=ml." in word for word in call)]


def test_other_regions_stay_as_they_are(file: Path) -> None:
    main(["eu-central-1"], file)
    assert PriceFile.model_validate_json(file.read_text()).regions["eu-west-1"] == OLD.regions["eu-west-1"]


@pytest.mark.parametrize(
    ("call", "instead", "says"),
    [
        ("AWSELB", refused("GetProducts"), "not authorized"),
        ("AWSELB", {"PriceList": []}, "one price of nlb-hour in eu-central-1, but has none"),
        (
            words(instanceType="g6.xlarge"),
            {"PriceList": [product("a", "1"), product("b", "2")]},
            "one price of g6.xlarge in eu-central-1, but has $1.0, $2.0",
        ),
    ],
)
def test_one_bad_answer_changes_nothing(
    file: Path, machine: Machine, capsys: pytest.CaptureFixture[str], call: str, instead: object, says: str
) -> None:
    machine.answer(answers() | {call: instead})
    assert main(["eu-central-1"], file) == 1
    assert file.read_text() == render(OLD)
    assert [path.name for path in machine.folder.glob("prices.json*")] == ["prices.json"]
    said = capsys.readouterr().err
    assert says in said
    assert "prices.json is unchanged" in said


def test_what_is_no_region_has_no_instances(file: Path, machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.answer({"pricing": {"PriceList": []}})
    assert main(["eu-centrall-1"], file) == 1
    assert "check that the region exists" in capsys.readouterr().err


def test_free_and_large_amounts_are_no_price(file: Path, machine: Machine) -> None:
    tiers = [product("EUC1-VpcEndpoint-Hours", "0.012", beginRange="0"), product("EUC1-VpcEndpoint-Hours", "0.006", beginRange="1000")]
    free = product("EUC1-VpcEndpoint-Hours", "0.0000000000")
    machine.answer(answers() | {"Type=TERM_MATCH,Field=productFamily,Value=VpcEndpoint": {"PriceList": [*tiers, free]}})
    main(["eu-central-1"], file)
    assert PriceFile.model_validate_json(file.read_text()).regions["eu-central-1"][0].units["endpoint-hour"] == 0.012


def test_the_committed_file_says_where_every_price_is_from() -> None:
    lists = [each for region in read(FILE).regions.values() for each in region]
    assert all(each.source and each.date <= datetime.now(UTC).date() for each in lists)
    assert json.loads(FILE.read_text())["currency"] == "USD"


@pytest.mark.parametrize("values", [dev(), prod()], ids=["dev", "prod"])
def test_the_committed_stacks_use_what_has_a_price(values: dict[str, Any]) -> None:
    known = prices(values["cluster"]["region"])
    types = [*values["cluster"]["systemNodes"]["instanceTypes"], *values["gpu"]["instanceTypes"]]
    assert [name for name in types if known.instance(name) is None] == []


def test_the_age_of_the_prices() -> None:
    """Old prices are a warning only: a day on which nobody changed anything breaks no build."""
    for region in read(FILE).regions:
        oldest = prices(region).oldest
        assert oldest is not None
        if (age := (datetime.now(UTC).date() - oldest).days) > MAX_AGE_DAYS:
            warnings.warn(f"prices of {region} are {age} days old: `make prices REGION={region}`", stacklevel=1)
