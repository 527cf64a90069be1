"""`python -m scripts.cloud.prices [REGION ...]`: asks AWS for every price in policies/prices.json. It writes all prices or none.

Any account's credentials will do; they need only `pricing:GetProducts`. See `make help`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from components.aws import ml_types
from components.aws.instance_types import GPU_INSTANCES
from policies.prices import FILE, UNITS, PriceFile, PriceList, Unit, read, render
from scripts import whole_file
from scripts.cloud.aws import Aws, AwsError
from scripts.errors import DriverError

API_REGION = "us-east-1"
"""Region of the price API (docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html)."""

SOURCE = "AWS Price List API, GetProducts, by `make prices`"
# The same filters as Karpenter's (aws/karpenter-provider-aws:pkg/providers/pricing/pricing.go@1d92708): no reservations, no licences.
INSTANCE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}


HOSTED = re.compile(rf"([A-Z0-9]+-)?Host:(?P<name>{re.escape(ml_types.PREFIX)}.+)")
"""Usage type of an instance of a managed endpoint."""


class Product(NamedTuple):
    """`usage`: the usage type without the region's prefix, which us-east-1's may lack."""

    service: str
    usage: str
    measure: str
    filters: Mapping[str, str]


PRODUCTS: Mapping[Unit, Product] = {
    "cluster-hour": Product("AmazonEKS", "AmazonEKS-Hours:perCluster", "Hrs", {}),
    "nat-hour": Product("AmazonEC2", "NatGateway-Hours", "Hrs", {"productFamily": "NAT Gateway"}),
    "endpoint-hour": Product("AmazonVPC", "VpcEndpoint-Hours", "Hrs", {"productFamily": "VpcEndpoint"}),
    "gp3-gib-month": Product("AmazonEC2", "EBS:VolumeUsage.gp3", "GB-Mo", {"productFamily": "Storage", "volumeApiName": "gp3"}),
    "nlb-hour": Product("AWSELB", "LoadBalancerUsage", "Hrs", {"productFamily": "Load Balancer-Network"}),
    "ipv4-hour": Product("AmazonVPC", "PublicIPv4:InUseAddress", "Hrs", {}),
}


def refreshed(content: PriceFile, regions: Iterable[str], types: Iterable[str], today: date) -> PriceFile:
    """The file with new prices of these regions. Raises DriverError if AWS does not answer with exactly one price each."""
    ask = Aws(API_REGION)
    types = sorted(types)
    lists = {region: [_region(ask, region, types, today)] for region in regions}
    return PriceFile(regions={**content.regions, **lists})


def _region(ask: Aws, region: str, types: Iterable[str], today: date) -> PriceList:
    found = {name: _instance(ask, region, name) for name in types}
    instances = {name: price for name, price in found.items() if price is not None}
    if not instances:
        raise DriverError(f"AWS has none of the instance types in {region}; check that the region exists")
    if missing := [name for name in found if name not in instances]:
        print(f"{region} does not have: {', '.join(missing)}")
    instances |= _managed(ask, region)
    return PriceList(source=SOURCE, date=today, instances=instances, units={unit: _unit(ask, region, unit) for unit in UNITS})


def _instance(ask: Aws, region: str, name: str) -> float | None:
    products = _products(ask, "AmazonEC2", {"regionCode": region, "instanceType": name, **INSTANCE})
    prices = {price for product in products for price in _prices(product, "Hrs")}
    return _one(prices, f"{name} in {region}") if prices else None


def _managed(ask: Aws, region: str) -> dict[str, float]:
    """Prices of all instance types of managed endpoints, by SageMaker's names."""
    prices: dict[str, set[float]] = {}
    for product in _products(ask, "AmazonSageMaker", {"regionCode": region, "component": "Hosting"}):
        if hosted := HOSTED.fullmatch(_usage(product)):
            prices.setdefault(hosted["name"], set()).update(_prices(product, "Hrs"))
    return {name: _one(found, f"{name} in {region}") for name, found in sorted(prices.items())}


def _unit(ask: Aws, region: str, unit: Unit) -> float:
    wanted = PRODUCTS[unit]
    usage = re.compile(rf"([A-Z0-9]+-)?{re.escape(wanted.usage)}")
    products = _products(ask, wanted.service, {"regionCode": region, **wanted.filters})
    ours = [product for product in products if usage.fullmatch(_usage(product))]
    return _one({price for product in ours for price in _prices(product, wanted.measure)}, f"{unit} in {region}")


def _products(ask: Aws, service: str, filters: Mapping[str, str]) -> list[dict[str, Any]]:
    words = [f"Type=TERM_MATCH,Field={field},Value={value}" for field, value in filters.items()]
    try:
        answer = ask("pricing", "get-products", "--service-code", service, "--filters", *words)
    except AwsError as error:
        raise DriverError(f"AWS gave no prices of {service}: {error}") from error
    return [json.loads(product) for product in answer.get("PriceList", [])]


def _usage(product: Mapping[str, Any]) -> str:
    return str(product["product"]["attributes"].get("usagetype", ""))


def _prices(product: Mapping[str, Any], measure: str) -> Iterator[float]:
    """On-demand prices, without free tiers and volume discounts."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            price = float(dimension["pricePerUnit"].get("USD", 0))
            if dimension["unit"] == measure and price and dimension.get("beginRange", "0") == "0":
                yield price


def _one(prices: set[float], of_what: str) -> float:
    if len(prices) != 1:
        listed = ", ".join(f"${price}" for price in sorted(prices)) or "none"
        raise DriverError(f"AWS should have one price of {of_what}, but has {listed}")
    return next(iter(prices))


def write(content: PriceFile, file: Path) -> None:
    whole_file.write(file, render(content))


def main(arguments: list[str], file: Path = FILE) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.cloud.prices", description=__doc__)
    parser.add_argument("regions", metavar="REGION", nargs="*", help="default: the regions in the file")
    content = read(file)
    regions = parser.parse_args(arguments).regions or list(content.regions)
    types = {*GPU_INSTANCES, *(name for lists in content.regions.values() for prices in lists for name in prices.instances)}
    types = {name for name in types if not name.startswith(ml_types.PREFIX)}
    try:
        write(refreshed(content, regions, types, datetime.now(UTC).date()), file)
    except DriverError as error:
        print(f"error: {error}\n{file.name} is unchanged", file=sys.stderr)
        return 1
    print(f"{file.name} has today's prices for {', '.join(regions)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
