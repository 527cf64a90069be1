"""Cases of error budgets that are used up too fast, for each pair of windows and both kinds of objective."""

from __future__ import annotations

from tests.alerts.case import Case
from tests.alerts.traffic_cases import answers, took
from tests.models import CLASSIFIER, TEXT_GENERATION

FAILING, SLOW = "AvailabilityBudgetBurn", "LatencyBudgetBurn"
FAST = ({"severity": "critical", "window": "1h"},)
SIX_HOURS = ({"severity": "critical", "window": "6h"},)

CASES = [
    Case(
        FAILING,
        "a fifth fails",
        answers(CLASSIFIER, c2="0+80x60", c5="0+20x60"),
        at="12m",
        firing=({"severity": "critical", "window": "1h", "service": CLASSIFIER, "slo": "availability"},),
    ),
    Case(FAILING, "for a minute", answers(CLASSIFIER, c2="0+80x60", c5="0+20x60"), at="2m"),
    # 4 % is 8 times the budget: too slow for the first pair, fast enough for the second.
    Case(FAILING, "one in 25 fails", answers(CLASSIFIER, c2="0+96x120", c5="0+4x120"), at="40m", firing=SIX_HOURS),
    Case(
        FAILING,
        "it went on for an hour and is over",
        answers(CLASSIFIER, c2="0+80x60 4880+100x30", c5="0+20x60 1200x30"),
        at="68m",
        firing=(*SIX_HOURS, {"severity": "warning", "window": "1d"}),
    ),
    Case(
        FAILING,
        "two in a hundred fail for hours",
        answers(TEXT_GENERATION, c2="0+980x100", c5="0+20x100"),
        at="6h",
        interval="10m",
        firing=({"severity": "warning", "window": "1d"}, {"severity": "warning", "window": "3d"}),
    ),
    Case(
        FAILING,
        "one in a hundred fails for hours",
        answers(TEXT_GENERATION, c2="0+990x100", c5="0+10x100"),
        at="6h",
        interval="10m",
        firing=({"severity": "warning", "window": "3d"},),
    ),
    Case(
        FAILING,
        "four in a thousand fail, which is within the budget",
        answers(TEXT_GENERATION, c2="0+996x500", c5="0+4x500"),
        at="8h",
        interval="10m",
    ),
    Case(FAILING, "two of three requests of a quiet night fail", answers(CLASSIFIER, c2="0+1x60", c5="0x30 2x30"), at="40m"),
    Case(FAILING, "nobody asks", answers(CLASSIFIER, c2="500x60", c5="500x60"), at="40m"),
    Case(FAILING, "there are no series"),
    Case(
        SLOW,
        "four in five are slow",
        took(CLASSIFIER, {"100": "0+20x60", "+Inf": "0+100x60"}),
        at="12m",
        firing=({"severity": "critical", "window": "1h", "service": CLASSIFIER, "slo": "latency"},),
    ),
    Case(SLOW, "Prometheus 3 wrote the bound", took(TEXT_GENERATION, {"500.0": "0+20x60", "+Inf": "0+100x60"}), at="12m", firing=FAST),
    Case(SLOW, "four in ten are slow", took(CLASSIFIER, {"100": "0+60x120", "+Inf": "0+100x120"}), at="40m", firing=SIX_HOURS),
    Case(
        SLOW,
        "two in ten are slow for hours",
        took(TEXT_GENERATION, {"500": "0+800x100", "+Inf": "0+1000x100"}),
        at="6h",
        interval="10m",
        firing=({"severity": "warning", "window": "1d"}, {"severity": "warning", "window": "3d"}),
    ),
    Case(
        SLOW,
        "three in a hundred are slow, which is within the budget",
        took(CLASSIFIER, {"100": "0+970x500", "+Inf": "0+1000x500"}),
        at="8h",
        interval="10m",
    ),
    Case(SLOW, "the bound does not exist", took(CLASSIFIER, {"99": "0+100x60", "+Inf": "0+100x60"}), at="40m"),
    Case(SLOW, "there are no series"),
]
