"""AWS prices by region: on demand, in US dollars. Every price in prices.json has a source and a date."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_name("prices.json")
MAX_AGE_DAYS = 180

Unit = Literal["cluster-hour", "nat-hour", "endpoint-hour", "gp3-gib-month", "nlb-hour", "ipv4-hour"]
UNITS: tuple[Unit, ...] = get_args(Unit)
Price = Annotated[float, Field(gt=0)]


class PriceList(BaseModel):
    """Prices of one source. `date`: of the prices, or of their reading if the source has none. `instances`: Linux, per hour."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, Field(min_length=1)]
    date: date
    instances: Mapping[str, Price]
    units: Mapping[Unit, Price]


class PriceFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: Literal["USD"] = "USD"
    regions: Mapping[str, list[PriceList]]


class Prices:
    """Prices of one region from all sources."""

    def __init__(self, region: str, lists: list[PriceList]) -> None:
        self.region = region
        self._instances = {name: price for prices in lists for name, price in prices.instances.items()}
        self._units = {unit: price for prices in lists for unit, price in prices.units.items()}
        self.oldest = min((prices.date for prices in lists), default=None)

    def instance(self, name: str) -> float | None:
        """Price per hour of an instance type; None if no source has it."""
        return self._instances.get(name)

    def unit(self, unit: Unit) -> float | None:
        return self._units.get(unit)


@functools.cache
def read(path: Path = FILE) -> PriceFile:
    return PriceFile.model_validate_json(path.read_text())


def prices(region: str) -> Prices:
    """Prices of a region; empty if prices.json does not contain it."""
    return Prices(region, read().regions.get(region, []))


def render(content: PriceFile) -> str:
    return content.model_dump_json(indent=2) + "\n"
